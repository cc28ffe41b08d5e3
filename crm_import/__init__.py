"""The legacy CRM: staging, transforming, reconciling. Removable after the cut-over."""
