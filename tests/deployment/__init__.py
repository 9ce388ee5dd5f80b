"""What goes to Azure: the deployed set of files, and the infrastructure it is deployed to."""
