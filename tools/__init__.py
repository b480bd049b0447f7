"""What generates (the diagram, the schemas) and what measures. Nothing in here runs in Azure."""
