"""Tasks that never started for their image or their secrets."""

# AWS's words stay in one piece, as they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

from .shapes import (
    ACCOUNT,
    EXECUTION_ROLE,
    HOST,
    IMAGE,
    INIT,
    PULL,
    REGION,
    SECRET,
    Case,
    definition,
    failed,
    task,
)

_ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/{EXECUTION_ROLE}/{'a' * 32}"
_AUTH = "ResourceInitializationError: unable to pull secrets or registry auth: "
_ASM = (
    _AUTH
    + "execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): "
)
_SSM = (
    _AUTH
    + "execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
)
_REF = f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {IMAGE}: "
_MINISTACK = "the embedded AWS: ministack/services/ecs.py"

IMAGES = {
    "the tag is not there": Case(
        PULL,
        failed(task(_REF + f"{IMAGE}: not found")),
        "failed",
        ("image_not_found",),
        f"the image {IMAGE} does not exist",
        "aws ecr describe-images --repository-name voj-backend --region ap-northeast-2",
        "CannotPullContainerError",
    ),
    "manifest unknown": Case(
        PULL,
        failed(
            task(
                f"CannotPullContainerError: Error response from daemon: manifest for {IMAGE} not found: manifest unknown: Requested image not found"
            )
        ),
        "failed",
        ("image_not_found",),
        IMAGE,
        "service_image_tag",
    ),
    "the repository is not there": Case(
        PULL,
        failed(
            task(
                f"CannotPullContainerError: Error response from daemon: name unknown: The repository with name 'voj-backend' does not exist in the registry with id '{ACCOUNT}'"
            )
        ),
        "failed",
        ("image_not_found",),
        "does not exist",
    ),
    "the digest is not there": Case(
        PULL,
        failed(
            task(
                f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {HOST}/voj-backend@sha256:{'e' * 64}: {HOST}/voj-backend@sha256:{'e' * 64}: not found"
            ),
            task_definition=definition(image=f"{HOST}/voj-backend@sha256:{'e' * 64}"),
        ),
        "failed",
        ("image_not_found",),
        f"@sha256:{'e' * 64} does not exist",
        "--repository-name voj-backend --region",
    ),
    "the embedded AWS has no such image": Case(
        _MINISTACK,
        failed(
            task(
                'CannotPullContainerError: 404 Client Error for http+docker://localhost/v1.51/images/create?tag=nope&fromImage=127.0.0.1%3A4566%2Fvoj: Not Found ("manifest for 127.0.0.1:4566/voj:nope not found: manifest unknown: Requested image not found")'
            ),
            task_definition=definition(image="127.0.0.1:4566/voj:nope"),
        ),
        "failed",
        ("image_not_found",),
        "127.0.0.1:4566/voj:nope",
        "what is there: ask the registry",
    ),
    "the embedded AWS has no such repository": Case(
        _MINISTACK,
        failed(
            task(
                'CannotPullContainerError: 500 Server Error for http+docker://localhost/v1.51/images/create: Internal Server Error ("failed to resolve reference \\"127.0.0.1:4566/voj:nope\\": 127.0.0.1:4566/voj:nope: not found")'
            ),
            task_definition=definition(image="127.0.0.1:4566/voj:nope"),
        ),
        "failed",
        ("image_not_found",),
        "127.0.0.1:4566/voj:nope",
    ),
    "the role may not pull": Case(
        PULL,
        failed(
            task(
                _AUTH
                + f"execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: {_ROLE} is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action"
            )
        ),
        "failed",
        ("image_pull_denied",),
        "may not be pulled",
        f"execution role {EXECUTION_ROLE}",
    ),
    "403 from the registry": Case(
        PULL,
        failed(task(_REF + "unexpected status from HEAD request: 403 Forbidden")),
        "failed",
        ("image_pull_denied",),
        IMAGE,
        "ecr:BatchGetImage",
    ),
    "the role has no permission, in AWS's newer words": Case(
        PULL,
        failed(
            task(
                "CannotPullContainerError: The task can’t pull the image. Check that the role has the permissions to pull images from the registry."
            )
        ),
        "failed",
        ("image_pull_denied",),
        IMAGE,
    ),
    "pull access denied": Case(
        PULL,
        failed(
            task(
                "CannotPullContainerError: Error response from daemon: pull access denied for voj, repository does not exist or may require 'docker login': denied: requested access to the resource is denied"
            )
        ),
        "failed",
        ("image_pull_denied",),
        "may not be pulled",
        "check the repository's name",
    ),
    "the registry's rate limit": Case(
        PULL,
        failed(
            task(
                "CannotPullContainerError: ERROR: toomanyrequests: Too Many Requests or You have reached your pull rate limit."
            )
        ),
        "failed",
        ("image_rate_limit",),
        "refuses more pulls",
        "copy the image to ECR",
    ),
    "no space for the image": Case(
        PULL,
        failed(
            task(
                "CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract layer: write /var/lib/containerd/x: no space left on device: unknown"
            )
        ),
        "failed",
        ("storage_full",),
        "storage",
        "service_ephemeral_storage_gib",
    ),
    "another architecture": Case(
        PULL,
        failed(
            task(
                "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'"
            )
        ),
        "failed",
        ("image_architecture",),
        "not built for the task's CPU architecture X86_64",
        "--platform linux/amd64",
    ),
    "a pull that fails in an unknown way": Case(
        PULL,
        failed(task("CannotPullContainerError: pull command failed: panic: runtime error")),
        "failed",
        ("image_pull_denied",),
        "can't be pulled",
        "",
        "panic: runtime error",
    ),
}

SECRETS = {
    "the JSON key is not there": Case(
        INIT,
        failed(task(_ASM + "retrieved secret from Secrets Manager did not contain json key jwt_secret")),
        "failed",
        ("secret_key_not_found",),
        "the secret secretsmanager:voj/prod has no JSON key jwt_secret (for JWT_SECRET)",
        "put-secret-value --secret-id voj/prod",
    ),
    "the embedded AWS has no such JSON key": Case(
        _MINISTACK,
        failed(
            task(
                _AUTH
                + f"execution resource retrieval failed: unable to retrieve json key 'jwt_secret' from secret {SECRET}:jwt_secret:: for environment variable JWT_SECRET"
            )
        ),
        "failed",
        ("secret_key_not_found",),
        "secretsmanager:voj/prod has no JSON key jwt_secret (for JWT_SECRET)",
    ),
    "the secret is no JSON": Case(
        "https://github.com/rileydakota/valheim-ecs-fargate-cdk/issues/9",
        failed(task(_ASM + "invalid character '\\'' looking for beginning of value")),
        "failed",
        ("secret_key_not_found",),
        "holds no JSON",
        '{"name": "value"}',
    ),
    "the secret is not there": Case(
        INIT,
        failed(
            task(
                _ASM
                + f"failed to fetch secret {SECRET} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."
            )
        ),
        "failed",
        ("secret_not_found",),
        "secretsmanager:voj/prod does not exist (for JWT_SECRET)",
        "aws secretsmanager create-secret --name voj/prod",
    ),
    "the secret is not there, and not named": Case(
        INIT,
        failed(task(_ASM + "ResourceNotFoundException: Secrets Manager can't find the specified secret.")),
        "failed",
        ("secret_not_found",),
        "the secret secretsmanager:voj/prod does not exist",
    ),
    "the parameter is not there": Case(
        INIT,
        failed(task(_SSM + "invalid ssm parameters: /voj/prod/OPENAI_API_KEY")),
        "failed",
        ("secret_not_found",),
        "ssm:/voj/prod/OPENAI_API_KEY does not exist (for OPENAI_API_KEY)",
        "aws ssm put-parameter --name /voj/prod/OPENAI_API_KEY",
    ),
    "two parameters are not there": Case(
        INIT,
        failed(task(_SSM + "invalid parameters: /voj/prod/OPENAI_API_KEY, /voj/prod/S3_BUCKET_NAME")),
        "failed",
        ("secret_not_found",),
        "ssm:/voj/prod/S3_BUCKET_NAME, ssm:/voj/prod/OPENAI_API_KEY does not exist (for S3_BUCKET_NAME, OPENAI_API_KEY)",
    ),
    "the embedded AWS has no such parameter": Case(
        _MINISTACK,
        failed(
            task(
                _AUTH
                + "execution resource retrieval failed: unable to retrieve secret /voj/prod/OPENAI_API_KEY for environment variable OPENAI_API_KEY"
            )
        ),
        "failed",
        ("secret_not_found",),
        "ssm:/voj/prod/OPENAI_API_KEY does not exist (for OPENAI_API_KEY)",
    ),
    "the role may not read the secret": Case(
        INIT,
        failed(
            task(
                _ASM
                + f"failed to fetch secret {SECRET} from secrets manager: AccessDeniedException: User: {_ROLE} is not authorized to perform: secretsmanager:GetSecretValue on resource: {SECRET} because no identity-based policy allows the secretsmanager:GetSecretValue action"
            )
        ),
        "failed",
        ("secret_denied",),
        f"the execution role {EXECUTION_ROLE} may not read the secret secretsmanager:voj/prod",
        "allow secretsmanager:GetSecretValue",
    ),
    "the role may not read the parameter": Case(
        INIT,
        failed(
            task(
                _SSM
                + f"AccessDeniedException: User: {_ROLE} is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/voj/prod/S3_BUCKET_NAME because no identity-based policy allows the ssm:GetParameters action"
            )
        ),
        "failed",
        ("secret_denied",),
        "ssm:/voj/prod/S3_BUCKET_NAME",
        "allow ssm:GetParameters",
    ),
    "the role may not use the key": Case(
        INIT,
        failed(
            task(
                _ASM
                + f"AccessDeniedException: User: {_ROLE} is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
            )
        ),
        "failed",
        ("kms_denied",),
        EXECUTION_ROLE,
        "kms:Decrypt",
    ),
    "the key may not be used": Case(
        INIT,
        failed(
            task(
                _ASM
                + f"failed to fetch secret {SECRET} from secrets manager: AccessDeniedException: Access to KMS is not allowed"
            )
        ),
        "failed",
        ("kms_denied",),
        "the KMS key of the secret secretsmanager:voj/prod",
    ),
}

CASES = IMAGES | SECRETS
