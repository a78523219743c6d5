"""Does the world still match the description?"""
