// What the app's identity may do with what is its own: the account, and sending its log.

import { builtIn } from '../roles.bicep'

param storageName string
param insightsName string
param principalId string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

@description('Messages and poison copies; rows; the timer\'s lease, the functions\' keys and the package.')
var onAccount = [
  'Storage Queue Data Contributor'
  'Storage Table Data Contributor'
  'Storage Blob Data Owner'
]

resource storageRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in onAccount: {
    scope: account
    name: guid(account.id, principalId, builtIn[role])
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', builtIn[role])
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource logRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, principalId, builtIn['Monitoring Metrics Publisher'])
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      builtIn['Monitoring Metrics Publisher']
    )
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
