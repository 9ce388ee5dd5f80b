"""The only package that talks to Azure; everything else sees the ports."""
