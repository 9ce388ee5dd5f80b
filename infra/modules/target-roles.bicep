// What the app may do in one subscription whose vaults it looks after. Reading always; writing only
// while a campaign asks for it (README.md, Permissions).
targetScope = 'subscription'

param principalId string
param token string
param allowPolicyWrites bool
param allowReportSetup bool

var reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7' // Reader
var backupReader = 'a795c7a0-d4a2-40c1-ae25-d81f01202912' // Backup Reader
var monitoringContributor = '749f88d5-cbae-40b8-bcfc-e573ddc772fa' // Monitoring Contributor
var reading = [reader, backupReader]
var reporting = allowReportSetup ? [monitoringContributor] : []
var policyWriter = guid(subscription().id, token, 'vaultlift policy writer')

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in concat(reading, reporting): {
  name: guid(subscription().id, principalId, role)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}]

// Instead of Backup Contributor, which may also stop protection and delete recovery points.
resource policyWriterRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = if (allowPolicyWrites) {
  name: policyWriter
  properties: {
    roleName: 'vaultlift policy writer (${token}, ${subscription().subscriptionId})'
    description: 'Reads and writes backup policies and follows what becomes of it.'
    type: 'CustomRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: [
          'Microsoft.RecoveryServices/Vaults/read'
          'Microsoft.RecoveryServices/Vaults/backupPolicies/read'
          'Microsoft.RecoveryServices/Vaults/backupPolicies/write'
          'Microsoft.RecoveryServices/Vaults/backupPolicies/operations/read'
          'Microsoft.RecoveryServices/Vaults/backupPolicies/operationResults/read'
          'Microsoft.RecoveryServices/Vaults/backupJobs/read'
        ]
      }
    ]
  }
}

resource policyWriterAssignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (allowPolicyWrites) {
  name: guid(subscription().id, principalId, policyWriter)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: policyWriterRole.id
  }
}
