{{ define "lib.x" }}libbed-{{ .Chart.Name }}{{ end }}
