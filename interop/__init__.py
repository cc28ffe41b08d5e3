"""Other systems: FHIR and delivery to hospital EHRs."""
