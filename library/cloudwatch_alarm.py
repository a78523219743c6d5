#!/usr/bin/python
"""Module: a CloudWatch metric alarm."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_alarm
short_description: Manage an Amazon CloudWatch metric alarm
description:
  - Creates, updates and deletes a metric alarm, of one metric or of a metric math expression.
  - An option that is omitted is not managed, and keeps its value when another one changes.
options:
  name: {type: str, required: true, description: The name of the alarm.}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  alarm_description: {type: str, description: The description for the alarm.}
  actions_enabled:
    description: Indicates whether actions should be executed during any changes to the alarm state.
    type: bool
  ok_actions:
    description: The actions to execute when this alarm transitions to an OK state from any other state.
    type: list
    elements: str
  alarm_actions:
    description: The actions to execute when this alarm transitions to the ALARM state from any other state.
    type: list
    elements: str
  insufficient_data_actions:
    description: The actions to execute when this alarm transitions to the INSUFFICIENT_DATA state from any other
      state.
    type: list
    elements: str
  metric_name: {type: str, description: The name for the metric associated with the alarm.}
  namespace: {type: str, description: The namespace for the metric associated specified in MetricName.}
  statistic:
    description: "The statistic for the metric specified in MetricName, other than percentile."
    type: str
    choices: [SampleCount, Average, Sum, Minimum, Maximum]
  extended_statistic: {type: str, description: The extended statistic for the metric specified in MetricName.}
  dimensions:
    description: The dimensions for the metric specified in MetricName.
    type: list
    elements: dict
    suboptions:
      name: {type: str, required: true, description: The name of the dimension.}
      value: {type: str, required: true, description: The value of the dimension.}
  period:
    description: "The length, in seconds, used each time the metric specified in MetricName is evaluated."
    type: int
  unit:
    description: "The unit of the metric, for example Seconds, Percent or Count/Second."
    type: str
  evaluation_periods:
    description: The number of periods over which data is compared to the specified threshold.
    type: int
  datapoints_to_alarm:
    description: The number of data points that must be breaching to trigger the alarm.
    type: int
  threshold: {type: float, description: The value against which the specified statistic is compared.}
  comparison_operator:
    description: The arithmetic operation to use when comparing the specified statistic and threshold.
    type: str
    choices:
      - GreaterThanOrEqualToThreshold
      - GreaterThanThreshold
      - LessThanThreshold
      - LessThanOrEqualToThreshold
      - LessThanLowerOrGreaterThanUpperThreshold
      - LessThanLowerThreshold
      - GreaterThanUpperThreshold
  treat_missing_data:
    description: How missing data points count.
    type: str
    choices: [breaching, notBreaching, ignore, missing]
  evaluate_low_sample_count_percentile: {type: str, description: Used only for alarms based on percentiles.}
  metrics:
    description: An array of MetricDataQuery structures that enable you to create an alarm based on the result of a
      metric math expression.
    type: list
    elements: dict
    suboptions:
      id:
        description: A short name used to tie this object to the results in the response.
        type: str
        required: true
      metric_stat:
        description: "The metric to be returned, along with statistics, period, and units."
        type: dict
        suboptions:
          metric:
            description: "The metric to return, including the metric name, namespace, and dimensions."
            type: dict
            required: true
            suboptions:
              namespace: {type: str, description: The namespace of the metric.}
              metric_name: {type: str, description: The name of the metric.}
              dimensions:
                description: The dimensions for the metric.
                type: list
                elements: dict
                suboptions:
                  name: {type: str, required: true, description: The name of the dimension.}
                  value: {type: str, required: true, description: The value of the dimension.}
          period:
            description: "The granularity, in seconds, of the returned data points."
            type: int
            required: true
          stat: {type: str, required: true, description: The statistic to return.}
          unit:
            description: "The unit of the metric, for example Seconds or Percent."
            type: str
      expression:
        description: "This field can contain either a Metrics Insights query, or a metric math expression to be
          performed on the returned data."
        type: str
      label: {type: str, description: A human-readable label for this metric or expression.}
      return_data:
        description: "When used in GetMetricData, this option indicates whether to return the timestamps and raw data
          values of this metric."
        type: bool
      period: {type: int, description: "The granularity, in seconds, of the returned data points."}
      account_id: {type: str, description: The ID of the account where the metrics are located.}
  threshold_metric_id:
    description: "If this is an alarm based on an anomaly detection model, make this value match the ID of the
      ANOMALY_DETECTION_BAND function."
    type: str
  evaluation_window:
    description: The evaluation window that the alarm uses to select the range of metric data that it evaluates.
    type: dict
    suboptions:
      wall_clock_window:
        description: "A wall clock window, which aligns the evaluated range to fixed clock boundaries that match the
          alarm's period, such as the top of the hour, midnight, or the start of the calendar week."
        type: dict
        suboptions:
          timezone:
            description: The time zone to use when the alarm aligns the evaluation window to clock boundaries.
            type: str
      sliding_window:
        description: Whether the window advances with each evaluation, which is also what happens without a window.
        type: bool
  warm_up_configuration:
    description: The warm-up configuration for the alarm.
    type: dict
    suboptions:
      warm_up_period_duration_in_minutes:
        description: "The length of the warm-up period, in minutes."
        type: int
        required: true
      only_start_evaluating_after_warm_up_period_ends:
        description: Specifies whether the alarm waits for the full warm-up period before it starts to evaluate.
        type: bool
  evaluation_criteria:
    description: The evaluation criteria for the alarm.
    type: dict
    suboptions:
      prom_ql_criteria:
        description: The PromQL criteria for the alarm evaluation.
        type: dict
        suboptions:
          query: {type: str, required: true, description: The PromQL query that the alarm evaluates.}
          pending_period:
            description: "The duration, in seconds, that a contributor must be continuously breaching before it
              transitions to the ALARM state."
            type: int
          recovery_period:
            description: "The duration, in seconds, that a contributor must continuously not be breaching before it
              transitions back to the OK state."
            type: int
  evaluation_interval: {type: int, description: "The frequency, in seconds, at which the alarm is evaluated."}
  tags: {type: dict, description: All tags of the alarm; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: Too many 5xx answers for five minutes
  cloudwatch_alarm:
    region: ap-northeast-2
    name: voj-backend-5xx
    namespace: AWS/ApplicationELB
    metric_name: HTTPCode_Target_5XX_Count
    dimensions:
      - {name: LoadBalancer, value: app/voj-backend/50dc6c495c0c9188}
    statistic: Sum
    period: 60
    evaluation_periods: 5
    threshold: 10
    comparison_operator: GreaterThanThreshold
    treat_missing_data: notBreaching
    alarm_actions: ["arn:aws:sns:ap-northeast-2:123456789012:alarms"]
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the alarm.}
alarm_state: {type: str, returned: when it existed, description: "OK, ALARM or INSUFFICIENT_DATA."}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("cloudwatch_alarm", DOCUMENTATION)
