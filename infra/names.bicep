// The names that the code gives its queues and tables. They are no parameters: a message goes
// where the code looks for it.

@export()
var requests = 'restore-requests'

@export()
var steps = 'restore-steps'

@export()
var events = 'restore-events'

@export()
@description('Poison queues too: the host makes them only when it is too late to be given a right on them.')
var queues = [
  requests
  '${requests}-poison'
  steps
  '${steps}-poison'
  events
]

@export()
var tables = [
  'Restores'
  'OutstandingRestores'
  'TargetLocks'
  'RestoredSources'
  'RestoreResults'
  'RestoreSets'
  'VaultDurations'
]
