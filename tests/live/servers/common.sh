# shellcheck shell=bash
# common.sh - what the runners of test servers share.  SPDX-License-Identifier: Apache-2.0

S3_KEY=rootuser
S3_SECRET=rootpass123
S3_DOMAIN=s3.localhost # BUCKET.s3.localhost is loopback to curl and to resolvers that know RFC 6761

# free_ports N: that many at once, below 50000: some servers add 10000 for a second one
free_ports() {
	python3 - "$1" <<-'END'
	import random, socket, sys
	held = []
	while len(held) < int(sys.argv[1]):
	    s = socket.socket()
	    try:
	        s.bind(("127.0.0.1", random.randrange(20000, 50000)))
	    except OSError:
	        continue
	    held.append(s)
	print(*(s.getsockname()[1] for s in held))
	END
}

# A certificate of our own for localhost, in FOLDER/public.crt and FOLDER/private.key.
make_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
		-addext "subjectAltName=DNS:localhost,DNS:$S3_DOMAIN,DNS:*.$S3_DOMAIN,IP:127.0.0.1" \
		-keyout "$1/private.key" -out "$1/public.crt" 2>/dev/null
}

# until_ready PID LOG URL...: waits for an answer, of whatever code, from each
until_ready() {
	local pid=$1 log=$2 url i
	shift 2
	for url; do
		for ((i = 0; ; i++)); do
			curl -ks -o /dev/null --noproxy '*' --max-time 2 "$url" && break
			if ! kill -0 "$pid" 2>/dev/null || [ "$i" = 300 ]; then
				tail -20 "$log" >&2
				kill "$pid" 2>/dev/null
				return 1
			fi
			sleep 0.1
		done
	done
}
