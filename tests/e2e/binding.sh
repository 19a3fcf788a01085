#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `source` and `device` of a collector, over each transport: the exporter has two ways to the collector's address, and each
# session's packets leave from that address, by that way. What is not there is told, and taken when it comes.
. "$(dirname "$0")/lib.sh"
e2e_begin tcpdump openssl
need_nfprobe

# p: the exporter, c: the collectors; r0: what is metered.
#   p:one 10.8.1.1 --- 10.8.1.2 c:one   the way that the routing table prefers
#   p:two 10.8.2.1 --- 10.8.2.2 c:two   the other one
#   10.8.7.7, fd08:7::7 at p and 10.8.9.9, fd08:9::9 at c: of no link
ns_add s p c
link s s0 02:0a:00:00:00:01 p r0 02:0a:00:00:00:03
for n in 1:one 2:two; do
	way=${n#*:} n=${n%:*}
	link p "$way" "02:08:00:00:0$n:01" c "$way" "02:08:00:00:0$n:02"
	for end in p:1 c:2; do
		ip -n "$E2E_ID-${end%:*}" addr add "10.8.$n.${end#*:}/24" dev "$way"
		ip -n "$E2E_ID-${end%:*}" addr add "fd08:$n::${end#*:}/64" dev "$way" nodad
	done
	# Links have no link-local addresses (lib.sh), from which neighbours would be asked for.
	ip -n "$E2E_ID-p" neigh replace "fd08:$n::2" lladdr "02:08:00:00:0$n:02" dev "$way" nud permanent
	ip -n "$E2E_ID-c" neigh replace "fd08:$n::1" lladdr "02:08:00:00:0$n:01" dev "$way" nud permanent
	ip -n "$E2E_ID-p" route add 10.8.9.9 via "10.8.$n.2" metric "${n}00"
	ip -n "$E2E_ID-p" route add fd08:9::9 via "fd08:$n::2" metric "${n}00"
done
ip -n "$E2E_ID-p" addr add 10.8.7.7/32 dev lo
ip -n "$E2E_ID-p" addr add fd08:7::7/128 dev lo
ip -n "$E2E_ID-c" addr add 10.8.9.9/32 dev lo
ip -n "$E2E_ID-c" addr add fd08:9::9/128 dev lo
ip -n "$E2E_ID-c" route add 10.8.7.7 via 10.8.1.1
ip -n "$E2E_ID-c" route add fd08:7::7 via fd08:1::1
chain_quiet

"$E2E_SUPPORT/certificates" "$E2E_DIR/c"
zmq=
/usr/bin/python3 -c 'import zmq' 2>/dev/null && zmq=1
# collector NAME TRANSPORT PORT [ADDRESS]
collector() {
	local address=${4-10.8.9.9}
	case $2 in
	udp | tcp) start c "$1" python3 "$E2E_SUPPORT/ipfix.py" listen "$2" "$address" "$3" "$E2E_DIR/$1" ;;
	tls) start c "$1" python3 "$E2E_SUPPORT/tls_peer.py" "$E2E_DIR/$1" "$E2E_DIR/c" --address "$address" --port "$3" ;;
	dtls)
		# Both ends of its input are open: it ends with that.
		mkfifo "$E2E_DIR/$1.input"
		start c "$1" bash -c 'exec openssl s_server -dtls1_2 -accept "$1" -cert "$0/server.pem" -key "$0/server.key" \
			-quiet >"$2" 2>/dev/null <>"$3"' "$E2E_DIR/c" "$address:$3" "$E2E_DIR/$1.ipfix" "$E2E_DIR/$1.input"
		;;
	zmq) start c "$1" /usr/bin/python3 "$E2E_SUPPORT/ntopng.py" subscribe bind "tcp://$address:$3" "$E2E_DIR/$1.json" ;;
	esac
	case $2 in
	udp | dtls) wait_for 30 "$1 to listen" listening c u "$3" ;;
	*) wait_for 30 "$1 to listen" listening c t "$3" ;;
	esac
}

# rows: NAME TRANSPORT PORT SOURCE DEVICE; what is seen of it at c: by WAY, from ADDRESS.
rows() {
	local port=5000 transport
	for transport in udp tcp tls dtls ${zmq:+zmq}; do
		echo "$transport-free $transport $((port++)) - - one 10.8.1.1"
		echo "$transport-source $transport $((port++)) 10.8.7.7 - one 10.8.7.7"
		echo "$transport-other $transport $((port++)) 10.8.2.1 two two 10.8.2.1"
		echo "$transport-device $transport $((port++)) - two two 10.8.2.1"
	done
	for transport in udp tcp; do
		echo "$transport-source6 $transport $((port++)) fd08:7::7 - one fd08:7::7"
		echo "$transport-device6 $transport $((port++)) - two two fd08:2::1"
	done
}
rows >"$E2E_DIR/rows"
while read -r name transport port source device _ from; do
	to=10.8.9.9
	[ "${from#*:}" = "$from" ] || to=fd08:9::9
	collector "$name" "$transport" "$port" $to
	[ $to = 10.8.9.9 ] || to=[$to]
	echo "  - name: $name"
	echo "    endpoint: $transport://$to:$port"
	[ "$source" = - ] || echo "    source: \"$source\""
	[ "$device" = - ] || echo "    device: $device"
	case $transport in
	tls | dtls) echo "    tls: { ca: $E2E_DIR/c/ca.pem, server_name: localhost }" ;;
	esac
done <"$E2E_DIR/rows" >"$E2E_DIR/collectors"
for way in one two; do
	start c "wire-$way" tcpdump -Z root -n -i $way -s 128 -U --immediate-mode -B 16384 -w "$E2E_DIR/$way.pcap" \
		'inbound and portrange 5000-5100'
	wait_for 30 "tcpdump to listen" grep -q "listening on" "$E2E_DIR/wire-$way.log"
done
{
	printf 'interfaces:\n  - { match: r0 }\ncollectors:\n'
	cat "$E2E_DIR/collectors"
	cat <<YAML
  - { name: no-address-udp, endpoint: "udp://10.8.9.9:5090", source: 10.8.6.6, retry: 200ms }
  - { name: no-address-tcp, endpoint: "tcp://10.8.9.9:5091", source: 10.8.6.6, retry: 200ms }
  - { name: no-device-udp, endpoint: "udp://10.8.9.9:5092", device: later, retry: 200ms }
  - { name: no-device-tls, endpoint: "tls://10.8.9.9:5093", device: later, retry: 200ms, tls: { ca: $E2E_DIR/c/ca.pem, server_name: localhost } }
YAML
} | conf nfprobe
nfprobe_start p 1 --flush

field() { status | books "[c for c in s['collectors'] if c['name'] == '$1'][0]$2"; }
says() { field "$1" "['state']" | grep -qF "$2"; }
for transport in udp tcp; do
	wait_for 30 "a word about the address" says no-address-$transport 'cannot send from source 10.8.6.6: Cannot assign requested address'
done
for name in udp tls; do
	wait_for 30 "a word about the device" says no-device-$name 'cannot send through device later: No such device'
done
say "ok: $(field no-address-tcp "['state']")"
say "ok: $(field no-device-udp "['state']")"

frames s s0 sent
all=$(sent sent)
got() { [ "$(field "$1" "['packets']")" = "$all" ]; }
while read -r name _; do wait_for 60 "$name to get $all packets" got "$name"; done <"$E2E_DIR/rows"

# What was not there comes.
collector no-address-udp udp 5090
collector no-address-tcp tcp 5091
ip -n "$E2E_ID-p" addr add 10.8.6.6/32 dev lo
ip -n "$E2E_ID-c" route add 10.8.6.6 via 10.8.1.1
collector no-device-udp udp 5092
collector no-device-tls tls 5093
ip -n "$E2E_ID-p" link add later type veth peer name later netns "$E2E_ID-c"
for end in p:1 c:2; do
	ip -n "$E2E_ID-${end%:*}" link set later up
	ip -n "$E2E_ID-${end%:*}" addr add "10.8.3.${end#*:}/24" dev later
done
ip -n "$E2E_ID-p" route add 10.8.9.9 via 10.8.3.2 metric 300
up() { [ "$(field "$1" "['up']")" = True ]; }
for name in no-address-udp no-address-tcp no-device-udp no-device-tls; do wait_for 60 "$name to be up" up $name; done
say "ok: an address and a device that came later"
nfprobe_stop
status | python3 "$E2E_SUPPORT/books.py" check || fail "the books"

for way in one two; do
	stop "wire-$way" INT || fail "tcpdump ended with exit code $?"
	tcpdump -n -r "$E2E_DIR/$way.pcap" 2>/dev/null | sed -nE 's/.* IP6? ([^ ]+)\.[0-9a-z]+ > [^ ]+\.([0-9]+): .*/\2 \1/p' |
		sort | uniq -c | while read -r count port from; do echo "$port $way $from $count"; done
done >"$E2E_DIR/seen"
while read -r name _ port _ _ way from; do
	seen=$(awk -v p="$port" '$1 == p { print $2, $3 }' "$E2E_DIR/seen")
	[ "$seen" = "$way $from" ] || fail "$name: packets came by and from \"$seen\", not \"$way $from\""
done <"$E2E_DIR/rows"
say "ok: $(wc -l <"$E2E_DIR/rows") sessions, each by its way and from its address"
ended() { ! in_ns c ss -Hnt 'sport >= :5000 and sport <= :5100' | grep -q ESTAB; }
wait_for 30 "the connections to end" ended
while read -r name transport port _; do
	case $transport in
	udp | tcp) file=$E2E_DIR/$name/001.ipfix ;;
	tls) file=$E2E_DIR/$name/1.ipfix ;;
	dtls) file=$E2E_DIR/$name.ipfix ;;
	zmq) continue ;;
	esac
	[ "$transport" = tcp ] || [ "$transport" = tls ] || wait_for 30 "$name to read" queue_empty c "$port"
	whole() { python3 "$E2E_SUPPORT/ipfix.py" check "$file" >"$E2E_DIR/$name.json" && [ "$(summary "$name" packets)" = "$all" ]; }
	wait_for 30 "$name to have written $all packets" whole
done <"$E2E_DIR/rows"
say "ok: $all packets decoded of each"
