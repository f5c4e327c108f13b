// systemd: a service that may write one folder and gain nothing. Logs go to the journal, which rotates them.

import { CONFIGURATION, type DeploySettings, METRICS_PORT, WRITABLE } from "./settings.ts";

export function systemd(settings: DeploySettings): string {
  const { name, description, file, stopSeconds, variables } = settings;
  const set = variables.filter(({ value }) => value !== undefined);
  const secrets = variables.filter(({ value }) => value === undefined).map((variable) => variable.name);
  return `# Made by: sluice deploy systemd <pipeline>
#
#   npm install --global --ignore-scripts sluice && npm audit signatures
#   install -d ${CONFIGURATION}   # the pipeline, destinations.yaml and enablement.yaml go there, schemas beside it
#   install -m 600 /dev/null /etc/sluice/${name}.env   # ${secrets.map((secret) => `${secret}=…`).join(" ") || "further variables"}
#   systemctl enable --now ${name}

[Unit]
Description=${escaped(description)}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/usr/bin/env sluice run ${CONFIGURATION}/${escaped(file)} --state ${WRITABLE}/state --metrics 127.0.0.1:${METRICS_PORT}
ExecReload=/bin/kill -HUP $MAINPID
EnvironmentFile=-/etc/sluice/${name}.env
${set.map((variable) => `Environment="${variable.name}=${escaped(variable.value ?? "")}"\n`).join("")}# A wrong definition stays wrong; work given back at a stop comes again by itself.
RestartPreventExitStatus=2
SuccessExitStatus=3
Restart=on-failure
RestartSec=5
TimeoutStopSec=${stopSeconds}

DynamicUser=yes
StateDirectory=sluice
StateDirectoryMode=0700
UMask=0077
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
SystemCallArchitectures=native
SystemCallFilter=@system-service
MemoryMax=512M
TasksMax=128

[Install]
WantedBy=multi-user.target
`;
}

/** `%` begins a specifier, and a quoted value ends at a quote. */
function escaped(text: string): string {
  return text.replaceAll("%", "%%").replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", " ");
}
