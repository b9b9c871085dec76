{{/* The namespace of everything. */}}
{{- define "planes.namespace" -}}
{{- default .Release.Namespace .Values.forceNamespace -}}
{{- end -}}

{{- define "planes.name" -}}{{- .Chart.Name | trunc 63 | trimSuffix "-" -}}{{- end -}}

{{- define "planes.host" -}}{{ tpl .Values.ingress.host . }}{{- end }}

{{- define "planes.component" -}}
{{- $top := index . 0 -}}{{- $component := index . 1 -}}
{{- printf "%s-%s" $top.Release.Name $component | replace "_" "-" | lower -}}
{{- end -}}

{{- define "planes.labels" -}}
{{ include "common-lib.selector" (list .top .component) }}
helm.sh/chart: {{ printf "%s-%s" .top.Chart.Name .top.Chart.Version | replace "+" "_" | quote }}
app.kubernetes.io/managed-by: {{ .top.Release.Service }}
{{- with .top.Values.global.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "planes.storage" -}}
storage:
{{- if eq .Values.storage.type "s3" }}
  type: s3
  container: {{ .Values.storage.bucketName | quote }}
  connection:
    auth-type: {{ .Values.storage.s3.authType }}
    region: {{ .Values.storage.s3.region }}
    {{- if eq .Values.storage.s3.authType "accesskey" }}
    access-key: {{ .Values.storage.s3.accessKey }}
    secret-key: {{ .Values.storage.s3.secretKey | quote }}
    {{- end }}
{{- else if eq .Values.storage.type "gcs" }}
  type: stow
  stow:
    kind: google
    config:
      json: ""
      project_id: {{ .Values.storage.gcs.projectId }}
{{- else }}
  {{- fail (printf "unknown storage type %q" .Values.storage.type) }}
{{- end }}
  enable-multicontainer: {{ .Values.storage.enableMultiContainer }}
  limits:
    maxDownloadMBs: {{ .Values.storage.limits.maxDownloadMBs }}
{{- end }}

{{- define "planes.database" -}}
{{- range $name, $section := . }}
{{ $name }}:
  {{- toYaml $section | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Renders a value that is text or a tree, with templates in it. */ -}}
{{- define "planes.render" -}}
{{- $value := typeIs "string" .value | ternary .value (.value | toYaml) }}
{{- if contains "{{" (toJson .value) }}
{{- tpl $value .context }}
{{- else }}
{{- $value }}
{{- end }}
{{- end -}}
