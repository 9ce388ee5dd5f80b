// Everything vaultlift needs in Azure, by `azd up` or `az deployment sub create`.
// docs/deploy.md says how to use it, and what of it was checked without Azure.
targetScope = 'subscription'

@description('Name of the environment; part of every name, and of the azd tag.')
@minLength(1)
@maxLength(32)
param environmentName string

@description('Region of everything that is made; one with Flex Consumption.')
@minLength(1)
param location string

@description('Where durable state lives. The host.json that is deployed must name the same one: docs/deploy.md.')
@allowed(['storage', 'scheduler'])
param durableBackend string = 'storage'

@description('Name of the task hub. Two deployments that share storage or scheduler must not share it.')
@minLength(3)
@maxLength(45)
param taskHubName string = 'vaultlift'

@description('Ids of the subscriptions whose vaults are audited, settled and upgraded, separated by commas.')
param targetSubscriptionIds string = ''

// Words instead of true and false: azd hands its variables over as text.
@description('Let the app change policies of the target subscriptions, for as long as a campaign lasts.')
@allowed(['no', 'yes'])
param policyWrites string = 'no'

@description('Let the app set up diagnostic settings of the target vaults, for as long as a campaign lasts.')
@allowed(['no', 'yes'])
param reportSetup string = 'no'

@description('NCRONTAB of the nightly audit.')
param auditSchedule string = '0 0 3 * * *'

@description('Client id of an Entra app registration for platform sign-in; empty: function keys only.')
param entraClientId string = ''

@description('On-demand instances each function group (HTTP, durable, queue, timer) may grow to. Each paces its calls by itself, so more of them ask more of Azure.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Days for which no evidence can be changed or deleted by anybody; 0: no such policy.')
@minValue(0)
@maxValue(146000)
param evidenceImmutableDays int = 0

@description('Redundancy of the evidence; not every region has zones.')
@allowed(['Standard_ZRS', 'Standard_LRS', 'Standard_GRS', 'Standard_GZRS'])
param evidenceSku string = 'Standard_ZRS'

@description('More app settings by name: VAULTLIFT_APPROVAL_HOURS, VAULTLIFT_ESTATE_MAP, a Key Vault reference as VAULTLIFT_WEBHOOK_SECRET. Set by hand in Azure they would be gone after the next deployment.')
param extraAppSettings object = {}

// The names of the clouds are VAULTLIFT_CLOUD's own.
var cloud = environment().name
var targetIds = empty(targetSubscriptionIds) ? [] : split(targetSubscriptionIds, ',')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-vaultlift-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    isReportTarget: reportSetup == 'yes'
  }
}

// The host keeps leases, keys and the deployed package here.
module hostStorage 'modules/storage.bicep' = {
  name: 'host-storage'
  scope: group
  params: {
    name: 'sthost${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    containers: ['deployments']
    isOwner: true
  }
}

// An account of its own: the control queues of a busy hub would slow the host's leases down.
module hubStorage 'modules/storage.bicep' = if (durableBackend == 'storage') {
  name: 'hub-storage'
  scope: group
  params: {
    name: 'sthub${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    containers: []
    isOwner: false
  }
}

module scheduler 'modules/scheduler.bicep' = if (durableBackend == 'scheduler') {
  name: 'scheduler'
  scope: group
  params: {
    name: 'dts-${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    taskHubName: taskHubName
  }
}

module evidenceRole 'modules/evidence-role.bicep' = {
  name: 'vaultlift-evidence-role-${token}'
  params: {
    token: token
  }
}

module evidence 'modules/evidence.bicep' = {
  name: 'evidence'
  scope: group
  params: {
    name: 'stevid${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    roleDefinitionId: evidenceRole.outputs.id
    sku: evidenceSku
    immutableDays: evidenceImmutableDays
  }
}

module serviceBus 'modules/service-bus.bicep' = {
  name: 'service-bus'
  scope: group
  params: {
    name: 'sb-vaultlift-${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
  }
}

module app 'modules/function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    name: 'func-vaultlift-${token}'
    planName: 'plan-vaultlift-${token}'
    location: location
    tags: union(tags, { 'azd-service-name': 'app' })
    identityId: identity.outputs.id
    deploymentContainerUrl: '${hostStorage.outputs.blobEndpoint}deployments'
    maximumInstanceCount: maximumInstanceCount
    alwaysReady: durableBackend == 'storage' ? [{ name: 'durable', instanceCount: 1 }] : []
    entraClientId: entraClientId
    appSettings: union(
      {
        VAULTLIFT_CLOUD: cloud
        VAULTLIFT_EVIDENCE: evidence.outputs.containerUrl
        VAULTLIFT_QUEUE: serviceBus.outputs.queueName
        VAULTLIFT_AUDIT_SCHEDULE: auditSchedule
        VAULTLIFT_SUBSCRIPTIONS: targetSubscriptionIds
        VAULTLIFT_LOG_WORKSPACE: monitoring.outputs.workspaceCustomerId
        TASKHUB_NAME: taskHubName
        // Which identity DefaultAzureCredential is; without it a user-assigned one is not found.
        AZURE_CLIENT_ID: identity.outputs.clientId
        // Only that identity: a credential left in an app setting is not tried first.
        AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential'
        AzureWebJobsStorage__credential: 'managedidentity'
        AzureWebJobsStorage__clientId: identity.outputs.clientId
        AzureWebJobsStorage__blobServiceUri: hostStorage.outputs.blobEndpoint
        AzureWebJobsStorage__queueServiceUri: hostStorage.outputs.queueEndpoint
        AzureWebJobsStorage__tableServiceUri: hostStorage.outputs.tableEndpoint
        ServiceBusConnection__credential: 'managedidentity'
        ServiceBusConnection__clientId: identity.outputs.clientId
        ServiceBusConnection__fullyQualifiedNamespace: serviceBus.outputs.hostName
        APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
        APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.outputs.clientId};Authorization=AAD'
      },
      durableBackend == 'storage' ? {
        DurableStorage__credential: 'managedidentity'
        DurableStorage__clientId: identity.outputs.clientId
        DurableStorage__blobServiceUri: hubStorage!.outputs.blobEndpoint
        DurableStorage__queueServiceUri: hubStorage!.outputs.queueEndpoint
        DurableStorage__tableServiceUri: hubStorage!.outputs.tableEndpoint
      } : {
        DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${scheduler!.outputs.endpoint};Authentication=ManagedIdentity;ClientID=${identity.outputs.clientId}'
      },
      extraAppSettings
    )
  }
}

module targets 'modules/target-roles.bicep' = [for id in targetIds: {
  name: 'vaultlift-roles-${token}'
  scope: subscription(trim(id))
  params: {
    principalId: identity.outputs.principalId
    token: token
    allowPolicyWrites: policyWrites == 'yes'
    allowReportSetup: reportSetup == 'yes'
  }
}]

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_FUNCTION_NAME string = app.outputs.name
output VAULTLIFT_URL string = app.outputs.url
output VAULTLIFT_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId
output VAULTLIFT_EVIDENCE string = evidence.outputs.containerUrl
output SERVICE_BUS_NAMESPACE string = serviceBus.outputs.hostName
