host: {{ include "planes.host" . }}
bucket: {{ .Values.storage.bucketName }}
{{- range .Values.admin.initialProjects }}
- {{ . }}
{{- end }}
