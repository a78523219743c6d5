"""Module: a container image in an ECR repository."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_image
short_description: Build a container image and push it to Amazon ECR
description:
  - Builds an image with the Docker engine and pushes it, or finds the one that is in the repository already.
  - Nothing is built or pushed when the tag is there with the same content. The content is the hash of the files that
    Docker is given (O(context) without what C(.dockerignore) names; contents and executable bits, no times), and of
    O(dockerfile), O(target), O(platform), O(build_args) and O(labels). It is kept in the image's label
    C(org.slipway.content-hash).
  - A tag of the form C(sha-1a2b3c4) names a commit. It is used when it is there, and never built from another commit or
    from uncommitted changes.
  - The engine's classic builder is used, so a Dockerfile that needs BuildKit is refused.
  - Run as an action (the normal case) it prints the steps of the build and the progress of the push.
options:
  repository: {type: str, required: true, description: The name of the ECR repository.}
  tag:
    description:
      - The tag of the image.
      - Omitted, it is C(sha-) and the short id of the last commit that touched O(context); with changes that are not
        committed, C(sha-1a2b3c4-dirty-) and the content; outside of a git repository, C(content-) and the content.
        When that commit is there with other content, such as other build arguments, the content is added.
    type: str
  digest:
    description: The digest of an image that is in the repository. It is used, and nothing is built.
    type: str
  context:
    description: The folder to build from. Omitted, nothing is built, and the image has to be there.
    type: path
  build: {type: bool, default: true, description: "V(false) only looks the image up, whatever O(context) is."}
  dockerfile: {type: str, default: Dockerfile, description: "The Dockerfile, relative to O(context)."}
  target: {type: str, description: The stage of the Dockerfile to build. By default the last one.}
  platform:
    description: The platform to build for. An image of another platform that is there is refused.
    type: str
    choices: [linux/amd64, linux/arm64]
    default: linux/amd64
  build_args:
    description: Build arguments. They can be read in the image, so no secret may be here.
    type: dict
  labels: {type: dict, description: More labels of the image.}
  cache_from:
    description: Images whose layers may be used again. A tag alone is one of the repository's.
    type: list
    elements: str
  pull: {type: bool, default: false, description: Whether a newer base image is pulled when the image is built.}
  force:
    description: Build and push although the same content is there, and without the builder's cache.
    type: bool
    default: false
  registry:
    description: >-
      The host, with its port, to push to and to run the image from, in the place of the repository's own. For an
      emulator, whose repositories have addresses of AWS.
    type: str
extends_documentation_fragment: [aws]
requirements: [docker >= 7.1, a Docker engine when something is to be built, git when no tag is given]
"""

EXAMPLES = r"""
- name: The image of the commit that is checked out
  ecr_image:
    region: ap-northeast-2
    repository: voj-backend
    context: ../voj
    dockerfile: backend/Dockerfile
  register: image

- name: An image that the build pipeline pushed
  ecr_image:
    region: ap-northeast-2
    repository: voj-backend
    tag: sha-1a2b3c4

- name: An ARM image in the embedded AWS
  ecr_image:
    region: ap-northeast-2
    endpoint_url: http://127.0.0.1:4566
    registry: 127.0.0.1:4566
    repository: voj-backend
    context: examples/fastapi
    platform: linux/arm64
"""

RETURN = r"""
image:
  description: What a task definition names, C(uri@digest); in check mode C(uri:tag) when it is yet to be built.
  type: str
  returned: success
uri: {type: str, returned: success, description: "Where the repository is, without tag and digest."}
tag: {type: str, returned: success, description: The tag; empty when only a digest was given.}
digest: {type: str, returned: success, description: The digest; empty in check mode when it is yet to be built.}
content: {type: str, returned: success, description: The content's hash; empty for an image that another tool built.}
platform: {type: str, returned: success, description: The platform of the image.}
size: {type: int, returned: success, description: How many bytes a pull transfers.}
commit: {type: str, returned: when the context is of one, description: The last commit that touched it.}
built: {type: bool, returned: success, description: Whether it was built.}
pushed: {type: bool, returned: success, description: Whether it was pushed.}
seconds: {type: float, returned: success, description: How long it took.}
api_calls: {type: int, returned: success, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import step_main

if __name__ == "__main__":
    step_main("ecr_image", DOCUMENTATION)
