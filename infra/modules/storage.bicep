// The account: the app's queues and tables, and the host's blobs. It has no keys that work.

import { queues as queueNames, tables as tableNames } from '../names.bicep'

param location string
param tags object
param name string
param sku string
param workspaceId string

@description('Whether it is reached through private endpoints alone.')
param closed bool

@description('ARM id of a workflow that may reach a closed account, if there is one.')
param workflowId string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  // checkov:skip=CKV_AZURE_35: open or closed is the switch `closed`; open, each call still needs an Entra identity.
  // checkov:skip=CKV_AZURE_59: the same switch; blobs are never public.
  // checkov:skip=CKV_AZURE_206: the check wants another region; disks are restored in one, so three zones are worth as much.
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: closed ? 'Disabled' : 'Enabled'
    networkAcls: {
      // Event Grid delivers as a trusted service; that exception outlives the closing.
      bypass: 'AzureServices'
      defaultAction: closed ? 'Deny' : 'Allow'
      resourceAccessRules: empty(workflowId) ? [] : [{ tenantId: tenant().tenantId, resourceId: workflowId }]
    }
  }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = [
  for queue in queueNames: {
    parent: queueService
    name: queue
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices/tables@2024-01-01' = [
  for table in tableNames: {
    parent: tableService
    name: table
  }
]

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
}

@description('The deployed package.')
resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = {
  parent: blobService
  name: 'app-package'
}

// Who wrote or deleted a message or a row: the caller's identity stands in each line.
var written = [
  { category: 'StorageWrite', enabled: true }
  { category: 'StorageDelete', enabled: true }
]

resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: queueService
  name: 'writes'
  properties: { workspaceId: workspaceId, logs: written }
}

resource tableLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: tableService
  name: 'writes'
  properties: { workspaceId: workspaceId, logs: written }
}

output packagesUri string = 'https://${name}.blob.${environment().suffixes.storage}/${packages.name}'
