// What somebody is told of. Each query stands in alerts/, and runs in the tests over logs of the app.

param location string
param tags object
param workspaceId string
param actionGroupId string

@description('Minutes after which a restore that has not ended is worth a look.')
param oldestMinutes int

type alert = {
  name: string
  text: string
  severity: int
  query: string

  @description('How far the rule looks back, for its count.')
  window: string

  @description('How far the query sees, where that is further.')
  range: string?

  @description('Without it, rows are counted.')
  measure: string?
  column: string?
  operator: 'GreaterThan' | 'LessThan'
  threshold: int
  dimensions: string[]?
}

// `window` is how far a rule looks back each five minutes. A line may arrive minutes after it was
// written; what looks back further than that tells of a thing once all the same, while it is fired.
var alerts alert[] = [
  {
    name: 'a-restore-ended-badly'
    text: 'A restore did not bring its disk back, or a message was refused. The dimensions say which, why, and what to do.'
    severity: 2
    query: loadTextContent('../alerts/ended-badly.kql')
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    dimensions: ['requestId', 'status', 'code', 'target', 'remedy']
  }
  {
    name: 'no-tick'
    text: 'The timer has not done its round for five minutes: jobs are not looked at, results not written. Is the app running, can it reach its storage, are its settings right, is the log full for today?'
    severity: 1
    query: loadTextContent('../alerts/no-tick.kql')
    window: 'PT5M'
    operator: 'LessThan'
    threshold: 1
  }
  {
    name: 'a-message-is-poisoned'
    text: 'The host could not deliver a message for an hour. The app takes it off the poison queue by itself once it can; find out why it could not.'
    severity: 1
    query: loadTextContent('../alerts/poisoned.kql')
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    dimensions: ['queue']
  }
  {
    name: 'a-restore-takes-long'
    text: 'The oldest restore that has not ended is older than is usual. The workbook shows where it stands and what it was told.'
    severity: 3
    query: loadTextContent('../alerts/oldest.kql')
    window: 'PT5M'
    measure: 'Maximum'
    column: 'oldestSeconds'
    operator: 'GreaterThan'
    threshold: oldestMinutes * 60
  }
  {
    name: 'steps-fail'
    text: 'More steps fail than is usual: storage does not answer, or the app has a fault. They are taken again by themselves; step.failed in the log says why they failed.'
    severity: 2
    query: loadTextContent('../alerts/steps-fail.kql')
    window: 'PT15M'
    range: 'P1D'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'http-calls-fail'
    text: 'The app could not answer calls over HTTP: its storage does not answer, its settings are wrong, or it has a fault.'
    severity: 3
    query: loadTextContent('../alerts/http-5xx.kql')
    window: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    dimensions: ['Name', 'ResultCode']
  }
]

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in alerts: {
    name: 'disk-restore-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Disk restore: ${replace(alert.name, '-', ' ')}'
      description: alert.text
      severity: alert.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: alert.window
      overrideQueryTimeRange: alert.?range
      autoMitigate: true
      // A workspace without a line yet knows none of the tables.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: alert.?measure ?? 'Count'
            metricMeasureColumn: alert.?column
            operator: alert.operator
            threshold: alert.threshold
            dimensions: [for name in (alert.?dimensions ?? []): { name: name, operator: 'Include', values: ['*'] }]
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [actionGroupId] }
    }
  }
]
