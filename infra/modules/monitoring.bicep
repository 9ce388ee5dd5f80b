// Log Analytics and Application Insights; telemetry is sent by identity, keys are turned off.
param token string
param location string
param tags object
param principalId string

@description('Vaults may be made to report to this workspace.')
param isReportTarget bool

var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher
var logReader = '73c42c96-874c-492b-b04d-ab87d138a893' // Log Analytics Reader
var logContributor = '92aaf0da-9dab-42b6-94a3-d43ce8d29293' // Log Analytics Contributor

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-vaultlift-${token}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 90
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-vaultlift-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource publish 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, principalId, metricsPublisher)
  scope: insights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
  }
}

// Vaults that report here are proven from here (VAULTLIFT_LOG_WORKSPACE).
resource readLogs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(workspace.id, principalId, logReader)
  scope: workspace
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', logReader)
  }
}

resource linkVaults 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (isReportTarget) {
  name: guid(workspace.id, principalId, logContributor)
  scope: workspace
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', logContributor)
  }
}

output workspaceCustomerId string = workspace.properties.customerId
output connectionString string = insights.properties.ConnectionString
