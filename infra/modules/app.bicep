// The function app on Flex Consumption, and every setting that it reads.

import { appSettings, defaults } from '../settings.bicep'
import { entra } from '../types.bicep'

param location string
param tags object
param name string
param planName string
param identityId string
param identityClientId string
param insightsName string
param storageName string
param packagesUri string
param memoryMb int
param maximumInstances int

@description('Chosen settings; the rest have the code\'s defaults.')
param settings appSettings

@description('RESTORE_ALLOW where the settings do not name it.')
param rules string

@description('The subnet that the app reaches out from; empty: none.')
param subnetId string

@description('Entra authentication before the HTTP functions; without it, their keys alone.')
param entraAuthentication entra?

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  // checkov:skip=CKV_AZURE_225: zones want instances that always run; a zone that fails costs minutes here, and nothing is lost.
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  // azd finds the app by this tag.
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  // checkov:skip=CKV_AZURE_17: no caller has a certificate; callers show a key or an Entra token.
  // checkov:skip=CKV_AZURE_212: instances come and go with the messages; a minimum would be paid for all night.
  // checkov:skip=CKV_AZURE_213: a health check is a plan's with instances of its own; that nothing ticks is an alert.
  // checkov:skip=CKV_AZURE_222: receivers ask over HTTP from outside. Whoever has none may deny it with access restrictions.
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packagesUri
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        instanceMemoryMB: memoryMb
        maximumInstanceCount: maximumInstances
      }
    }
  }

  resource noPublishingPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }

  resource noFtpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    // Checkov takes each `config` for a whole web app, and finds missing in it what stands elsewhere:
    // checkov:skip=CKV_AZURE_13: authentication is the config authsettingsV2, a switch; the functions ask for keys without it.
    // checkov:skip=CKV_AZURE_63: HTTP calls are logged by Application Insights, as requests.
    // checkov:skip=CKV_AZURE_65: the functions answer with problem details of their own.
    // checkov:skip=CKV_AZURE_66: failed calls are logged by Application Insights, as requests.
    // checkov:skip=CKV_AZURE_80: there is no .NET in it: the app is Python.
    // checkov:skip=CKV_AZURE_88: the app keeps no files; its state is in tables.
    // checkov:skip=CKV_AZURE_222: receivers ask over HTTP from outside, as said above.
    properties: union(defaults, { RESTORE_ALLOW: rules }, settings, {
      ARM_ENDPOINT: environment().resourceManager
      AZURE_CLIENT_ID: identityClientId

      RestoreStorage__credential: 'managedidentity'
      RestoreStorage__clientId: identityClientId
      RestoreStorage__queueServiceUri: 'https://${storageName}.queue.${environment().suffixes.storage}'
      RestoreStorage__tableServiceUri: 'https://${storageName}.table.${environment().suffixes.storage}'

      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identityClientId
      AzureWebJobsStorage__blobServiceUri: 'https://${storageName}.blob.${environment().suffixes.storage}'
      AzureWebJobsStorage__queueServiceUri: 'https://${storageName}.queue.${environment().suffixes.storage}'
      AzureWebJobsStorage__tableServiceUri: 'https://${storageName}.table.${environment().suffixes.storage}'

      // No secret, whatever its name: it says where to send. Local authentication is off, so nobody
      // sends anything with it alone; the identity does, by the setting below.
      APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'

      // Each message waits in a thread: as many as host.json lets in, twice, and the timer's.
      PYTHON_THREADPOOL_THREAD_COUNT: '16'
    })
  }

  resource authentication 'config' = if (entraAuthentication != null) {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        requireAuthentication: true
        unauthenticatedClientAction: 'Return401'
      }
      httpSettings: { requireHttps: true }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: entraAuthentication.?clientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: {
            allowedAudiences: entraAuthentication.?audiences ?? ['api://${entraAuthentication.?clientId}']
            defaultAuthorizationPolicy: {
              // Nothing named would let in any application of the tenant that asks for a token.
              allowedApplications: entraAuthentication.?allowedApplications ?? [entraAuthentication.?clientId ?? '']
              allowedPrincipals: { identities: entraAuthentication.?allowedPrincipalIds }
            }
          }
        }
      }
      login: { tokenStore: { enabled: false } }
    }
  }
}

output id string = app.id
output host string = app.properties.defaultHostName
