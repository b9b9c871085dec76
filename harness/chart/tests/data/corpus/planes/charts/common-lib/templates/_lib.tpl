{{- define "common-lib.selector" -}}
{{- $top := first . -}}
app.kubernetes.io/name: {{ last . }}
app.kubernetes.io/instance: {{ $top.Release.Name }}
{{- end -}}
{{- define "common-lib.deployment.apiVersion" -}}
{{- if .Capabilities.APIVersions.Has "apps/v1" -}}apps/v1{{- else -}}extensions/v1beta1{{- end -}}
{{- end -}}
{{- define "common-lib.mounts" -}}
- mountPath: {{ dir .Values.admin.configPath }}
  name: config
{{- end -}}
{{- define "common-lib.volumes" -}}
- name: config
  projected:
    sources:
    {{- range list "base" "clusters" }}
    - configMap: {name: {{ $.Release.Name }}-admin-{{ . }}-config, optional: {{ ne . "base" }}}
    {{- end }}
{{- end -}}
