{{- define "tricky.name" -}}
{{ .Chart.Name }}-{{ .Values.name }}
{{- end -}}
{{ define "tricky.mutate" }}{{ $_ := set . "touched" "yes" }}{{ end }}
{{- define "tricky.nothing" }}{{ .missing }}{{ end -}}
{{- define "tricky.recursive" -}}
{{- if gt (int .) 0 }}{{ . }},{{ include "tricky.recursive" (sub . 1) }}{{ end -}}
{{- end -}}
