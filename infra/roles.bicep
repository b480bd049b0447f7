// Built-in roles, by name and id: the ids are the same in every tenant.

@export()
var builtIn = {
  'Disk Restore Operator': 'b50d9833-a0cb-478e-945f-707fcc997c13'
  'Disk Snapshot Contributor': '7efff54f-a5b4-42b5-a1c5-5411624893ce'
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb'
  'Monitoring Reader': '43d0d8ad-25c7-4714-9337-8ba259a9fe05'
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  'Storage Queue Data Message Processor': '8a0f0c08-91a1-4084-bc3d-661d67233fed'
  'Storage Queue Data Message Sender': 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  'Storage Queue Data Reader': '19e7f393-937e-4f77-808e-94535e297925'
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  'Storage Table Data Reader': '76199698-9eea-4c19-bc75-cec21354c6b6'
}

@export()
@description('What the app calls at a backup vault, and nothing else. docs/operations.md says what each is for.')
var vaultActions = [
  'Microsoft.DataProtection/backupVaults/backupInstances/read'
  'Microsoft.DataProtection/backupVaults/backupInstances/recoveryPoints/read'
  'Microsoft.DataProtection/backupVaults/backupInstances/validateRestore/action'
  'Microsoft.DataProtection/backupVaults/backupInstances/restore/action'
  'Microsoft.DataProtection/backupVaults/operationStatus/read'
  'Microsoft.DataProtection/backupVaults/backupJobs/read'
]

@export()
@description('What it takes to see disks and the machines that they belong to.')
var diskActions = [
  'Microsoft.Compute/disks/read'
  'Microsoft.Compute/virtualMachines/read'
]
