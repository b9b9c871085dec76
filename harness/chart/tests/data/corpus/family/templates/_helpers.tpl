{{ define "shared.text" }}parent wins{{ end }}
