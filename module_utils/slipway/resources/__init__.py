"""Every kind of resource, one file each."""

from __future__ import annotations

from ..engine.kind import Kind, Lookup
from .acm_certificate import AcmCertificate
from .cloudwatch_alarm import CloudwatchAlarm
from .dynamodb_table import DynamodbTable
from .ec2_instance import Ec2Instance
from .ecr_repository import EcrRepository
from .ecs_cluster import EcsCluster
from .ecs_service import EcsService
from .ecs_task_definition import EcsTaskDefinition
from .elastic_ip import ElasticIp
from .elb_listener import ElbListener
from .elb_listener_rule import ElbListenerRule
from .elb_load_balancer import ElbLoadBalancer
from .elb_target_group import ElbTargetGroup
from .hosted_zone import HostedZone
from .iam_role import IamRole
from .instance_profile import InstanceProfile
from .key_pair import KeyPair
from .log_group import LogGroup
from .route53_record import Route53Record
from .scalable_target import ScalableTarget
from .secret import Secret
from .security_group import SecurityGroup
from .ssm_parameter import SsmParameter

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        AcmCertificate(),
        CloudwatchAlarm(),
        DynamodbTable(),
        Ec2Instance(),
        EcrRepository(),
        EcsCluster(),
        EcsService(),
        EcsTaskDefinition(),
        ElasticIp(),
        ElbListener(),
        ElbListenerRule(),
        ElbLoadBalancer(),
        ElbTargetGroup(),
        IamRole(),
        InstanceProfile(),
        KeyPair(),
        LogGroup(),
        Route53Record(),
        ScalableTarget(),
        SecurityGroup(),
        SsmParameter(),
    )
}

# What the kinds refer to and nobody describes: looked up by name, with no module of its own.
LOOKUPS: dict[str, Lookup] = {kind.name: kind for kind in (HostedZone(), Secret())}
