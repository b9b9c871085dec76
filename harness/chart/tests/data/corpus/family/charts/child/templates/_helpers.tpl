{{ define "shared.text" }}child loses{{ end }}{{ define "child.only" }}from {{ .Chart.Name }}{{ end }}
