"""What runs only on the controller, in ansible-playbook's own process."""
