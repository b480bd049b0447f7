// Who is told when an alert fires.

param tags object
param name string
param emails string[]

@secure()
param webhook string

var webhooks = empty(webhook) ? [] : [{ name: 'webhook', serviceUri: webhook, useCommonAlertSchema: true }]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'DiskRestore'
    emailReceivers: [
      for (address, i) in emails: { name: 'mail-${i}', emailAddress: address, useCommonAlertSchema: true }
    ]
    webhookReceivers: webhooks
  }
}
