"""helm and kustomize, fenced in; which value drives which field."""
