{{- define "onrecall.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "onrecall.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "onrecall.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "onrecall.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "onrecall.selector" -}}
app.kubernetes.io/name: {{ include "onrecall.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "onrecall.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "onrecall.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "onrecall.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "onrecall.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* What no schema can say: which values exclude each other. */}}
{{- define "onrecall.check" -}}
{{- if eq .Values.database "sqlite" }}
{{- if gt (int .Values.serve.replicas) 1 }}
{{- fail "serve.replicas: SQLite is a file of one pod; set database: postgresql, or replicas: 1" }}
{{- end }}
{{- if .Values.worker.enabled }}
{{- fail "worker.enabled: SQLite is a file of one pod, and serve has a worker; set database: postgresql, or enabled: false" }}
{{- end }}
{{- if .Values.kafka.enabled }}
{{- fail "kafka.enabled: SQLite is a file of one pod; set database: postgresql, or enabled: false" }}
{{- end }}
{{- else if not (hasKey .Values.secrets.files "ONRECALL_DATABASE_URL") }}
{{- fail "secrets.files: database: postgresql needs ONRECALL_DATABASE_URL, the key of the Secret that holds its address" }}
{{- end }}
{{- range $name, $_ := .Values.secrets.files }}
{{- if hasKey $.Values.settings $name }}
{{- fail (printf "settings.%s: it is in secrets.files as well; give it once" $name) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The pod of a command. Takes a dict: root, component, arguments, resources, ports. */}}
{{- define "onrecall.pod" -}}
{{- $root := .root }}
metadata:
  labels:
    {{- include "onrecall.selector" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
    {{- with $root.Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $root.Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "onrecall.serviceAccount" $root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 30
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: onrecall
      image: {{ printf "%s:%s" $root.Values.image.repository (default $root.Chart.AppVersion $root.Values.image.tag) | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: {{ .arguments | toJson }}
      env:
        - {name: ONRECALL_DATA_DIR, value: /var/lib/onrecall}
        {{- range $name, $value := $root.Values.settings }}
        - name: {{ $name }}
          value: {{ $value | toString | quote }}
        {{- end }}
        {{- range $name, $key := $root.Values.secrets.files }}
        - name: {{ $name }}_FILE
          value: /run/secrets/onrecall/{{ $key }}
        {{- end }}
      {{- if .ports }}
      ports:
        - {name: http, containerPort: 8000, protocol: TCP}
      startupProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 5
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 15
        timeoutSeconds: 5
        failureThreshold: 4
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
      {{- end }}
      resources:
        {{- toYaml .resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      volumeMounts:
        - {name: data, mountPath: /var/lib/onrecall}
        - {name: tmp, mountPath: /tmp}
        - {name: secrets, mountPath: /run/secrets/onrecall, readOnly: true}
  volumes:
    - name: data
      {{- if eq $root.Values.database "sqlite" }}
      persistentVolumeClaim:
        claimName: {{ default (include "onrecall.fullname" $root) $root.Values.persistence.existingClaim }}
      {{- else }}
      emptyDir: {}
      {{- end }}
    - name: tmp
      emptyDir: {}
    - name: secrets
      secret:
        secretName: {{ $root.Values.secrets.existingSecret }}
        defaultMode: 0440
  {{- with $root.Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
