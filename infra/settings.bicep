// The settings of the app that a person may choose, under the app's own names, with the app's own
// defaults. What the deployment knows itself (accounts, identities) is set in modules/app.bicep.

@export()
@description('The README says what each means. What is left out has the default.')
type appSettings = {
  @description('Rules source => target, separated by ; or new lines. Left out: one for each vault and each of its target groups. Empty: nothing is restored.')
  RESTORE_ALLOW: string?

  @description('NCRONTAB of the timer.')
  RESTORE_POLL_SCHEDULE: string?

  RESTORE_API_VERSION: string?
  RESTORE_ARM_READS: string?
  RESTORE_ARM_WRITES: string?
  RESTORE_COOLDOWN_MINUTES: string?
  RESTORE_DEFAULT_VAULT: string?
  RESTORE_DELETED_DISKS: ('true' | 'false')?
  RESTORE_EVENTS: string?
  RESTORE_JOB_LIST_LAG_SECONDS: string?
  RESTORE_MAX_ACTIVE: string?
  RESTORE_MAX_AGE_HOURS: string?
  RESTORE_MAX_SET: string?
  RESTORE_RESOURCE_GRAPH: ('true' | 'false')?
}

@export()
var defaults = {
  RESTORE_API_VERSION: '2025-07-01'
  RESTORE_ARM_READS: '250+25'
  RESTORE_ARM_WRITES: '200+10'
  RESTORE_COOLDOWN_MINUTES: '60'
  RESTORE_DEFAULT_VAULT: ''
  RESTORE_DELETED_DISKS: 'false'
  RESTORE_EVENTS: 'final'
  RESTORE_JOB_LIST_LAG_SECONDS: '600'
  RESTORE_MAX_ACTIVE: '200'
  RESTORE_MAX_AGE_HOURS: '48'
  RESTORE_MAX_SET: '500'
  RESTORE_POLL_SCHEDULE: '*/30 * * * * *'
  RESTORE_RESOURCE_GRAPH: 'true'
}
