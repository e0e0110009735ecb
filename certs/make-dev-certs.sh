#!/bin/sh
# Make a throwaway CA and a certificate for 127.0.0.1, ::1 and localhost, in certs/dev.
# For tests and demos: the keys are unprotected, and everything expires after 30 days.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p dev
cd dev

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
	-subj "/CN=b2bua throwaway CA" -addext "basicConstraints=critical,CA:TRUE,pathlen:0" \
	-addext "keyUsage=critical,keyCertSign,cRLSign" \
	-keyout ca.key -out ca.pem 2>/dev/null

openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-subj "/CN=localhost" -keyout server.key -out server.csr 2>/dev/null

cat >server.ext <<-END
	basicConstraints = CA:FALSE
	keyUsage = critical, digitalSignature
	extendedKeyUsage = serverAuth, clientAuth
	subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
END
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
	-extfile server.ext -out server.pem 2>/dev/null
rm -f server.csr server.ext ca.srl
openssl verify -CAfile ca.pem server.pem
echo "certs/dev: ca.pem is what a client trusts, server.pem and server.key are the server's."
