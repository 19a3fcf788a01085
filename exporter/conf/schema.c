/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/schema.h"

#include <string.h>

#include "base/log.h"
#include "conf/conf.h"
#include "filter/prefixes.h"

#define TOP(member) .table = NFP_CONF_TOP, .offset = offsetof(NfpConf, member)
#define INTERFACE(member) \
	.table = NFP_CONF_INTERFACES, .offset = offsetof(NfpInterfaceOptions, member)
#define COLLECTOR(member) \
	.table = NFP_CONF_COLLECTORS, .offset = offsetof(NfpCollectorOptions, member)
#define GROUP(member) .table = NFP_CONF_GROUPS, .offset = offsetof(NfpGroupOptions, member)

#define MS   1000000ull
#define S    (1000 * MS)
#define HOUR (3600 * S)
#define NAMESPACES_MAX 1024 /* NFP_ENCODER_DOMAINS, which a lower room does not include */
#define MIB  (1024ull * 1024)

static const NfpConfChoice clocks[] = {
	{ "tick", FALSE, FALSE },
	{ "exact", TRUE, FALSE },
	{ NULL, 0, FALSE },
};

static const NfpConfChoice fragments[] = {
	{ "ports0", FALSE, FALSE },
	{ "track", TRUE, FALSE },
	{ NULL, 0, FALSE },
};

static const NfpConfChoice seccomp[] = {
	{ "yes", NFP_SYSCALLS_REFUSE, FALSE },
	{ "kill", NFP_SYSCALLS_KILL, FALSE },
	{ "log", NFP_SYSCALLS_LOG, FALSE },
	{ "no", NFP_SYSCALLS_ANY, FALSE },
	{ NULL, 0, FALSE },
};

static const NfpConfChoice directions[] = {
	{ "ingress", NFP_DIRECTION_INGRESS, FALSE },
	{ "egress", NFP_DIRECTION_EGRESS, FALSE },
	{ "both", NFP_DIRECTION_BOTH, FALSE },
	{ NULL, 0, FALSE },
};

static const NfpConfChoice hooks[] = {
	{ "tc", NFP_HOOK_TC, FALSE },
	{ "xdp", NFP_HOOK_XDP, FALSE },
	{ NULL, 0, FALSE },
};

static const NfpConfChoice sampling_modes[] = {
	{ "random", NFP_SAMPLE_RANDOM, FALSE },
	{ "deterministic", NFP_SAMPLE_DETERMINISTIC, FALSE },
	{ NULL, 0, FALSE },
};

static const NfpConfChoice sampling[] = {
	{ "announce", FALSE, FALSE },
	{ "scale", TRUE, FALSE },
	{ NULL, 0, FALSE },
};

static const NfpConfChoice kinds[] = {
	{ "other", NFP_PEER_other, FALSE },	  { "nfdump", NFP_PEER_nfdump, FALSE },
	{ "pmacct", NFP_PEER_pmacct, FALSE },	  { "goflow2", NFP_PEER_goflow2, FALSE },
	{ "akvorado", NFP_PEER_akvorado, FALSE }, { "ntopng", NFP_PEER_ntopng, FALSE },
	{ "nprobe", NFP_PEER_nprobe, FALSE },	  { "libfixbuf", NFP_PEER_libfixbuf, FALSE },
	{ NULL, 0, FALSE },
};

static const NfpConfChoice levels[] = {
	{ "error", NFP_LOG_ERROR, FALSE },   { "warning", NFP_LOG_WARNING, FALSE },
	{ "notice", NFP_LOG_NOTICE, FALSE }, { "info", NFP_LOG_INFO, FALSE },
	{ "debug", NFP_LOG_DEBUG, FALSE },   { NULL, 0, FALSE },
};

static const NfpConfChoice policies[] = {
	{ "mirror", NFP_GROUP_MIRROR, FALSE },
	{ "balance", NFP_GROUP_BALANCE, FALSE },
	{ "failover", NFP_GROUP_FAILOVER, FALSE },
	{ NULL, 0, FALSE },
};

const NfpConfList nfp_conf_lists[NFP_CONF_TABLES_N] = {
	[NFP_CONF_TOP] = { .item = "configuration" },
	[NFP_CONF_INTERFACES] = { "interfaces", "interface", offsetof(NfpConf, interfaces),
				  sizeof(NfpInterfaceOptions), 1000,
				  "What is metered. Links that come later are taken too. Without "
				  "this list: ingress of every interface that is up, one device of "
				  "each stack (the one nearest the wire), loopback left out." },
	[NFP_CONF_COLLECTORS] = { "collectors", "collector", offsetof(NfpConf, collectors),
				  sizeof(NfpCollectorOptions), 64,
				  "Who receives the records: every collector gets all of them, but for "
				  "those in `groups`. "
				  "Without this list a table of each bucket is printed on standard "
				  "output." },
	[NFP_CONF_GROUPS] = { "groups", "group", offsetof(NfpConf, groups), sizeof(NfpGroupOptions), 64,
			      "Collectors that share the records, or stand in for each other "
			      "(docs/collectors.md). A collector is in one group at most." },
};

const char *const nfp_conf_part_names[] = {
	[NFP_CONF_PART_PROCESS] = "needs a restart",
	[NFP_CONF_PART_HARVESTER] = "from the next bucket on",
	[NFP_CONF_PART_HOOKS] = "hooks",
	[NFP_CONF_PART_COLLECTOR] = "this collector",
	[NFP_CONF_PART_ENRICHMENT] = "enrichment",
	[NFP_CONF_PART_PAGE] = "page",
	[NFP_CONF_PART_LOG] = "at once",
};

const NfpConfRow nfp_conf_rows[] = {
	{ TOP(hostname), .path = "hostname", .type = NFP_CONF_HOSTNAME, .absent = "the system's",
	  .part = NFP_CONF_PART_COLLECTOR, .example = "edge1",
	  .help = "Name of this exporter. It is part of every record's UID: change it and a "
		  "collector cannot recognise a record that is sent again." },
	{ TOP(instance), .path = "instance", .type = NFP_CONF_NAME, .value = "default",
	  .part = NFP_CONF_PART_PROCESS,
	  .help = "Name of this instance: of its folder under pin_root and of its control socket. "
		  "Two instances on one machine need two names." },
	{ TOP(pin_root), .path = "pin_root", .type = NFP_CONF_PATH, .value = "/sys/fs/bpf/nfprobe",
	  .part = NFP_CONF_PART_PROCESS,
	  .help = "Where maps and attachments are pinned, so that packets are counted while the "
		  "daemon restarts. Must lie on a bpffs; one is mounted when there is none." },
	{ TOP(run_dir), .path = "run_dir", .type = NFP_CONF_PATH, .value = "/run/nfprobe",
	  .part = NFP_CONF_PART_PROCESS,
	  .help = "Folder of the control socket that `nfprobe status` asks." },
	{ TOP(state_dir), .path = "state_dir", .type = NFP_CONF_PATH, .value = "/var/lib/nfprobe",
	  .part = NFP_CONF_PART_PROCESS,
	  .help = "Folder of the file in which the instance keeps numbers of namespaces and labels of buckets "
		  "over restarts and reboots. Without it metering goes on." },
	{ TOP(interval), .path = "interval", .type = NFP_CONF_DURATION, .min = S, .max = HOUR,
	  .value = "60s", .part = NFP_CONF_PART_HARVESTER,
	  .help = "Length of a time bucket: each flow becomes one record per bucket." },
	{ TOP(clock_exact), .path = "clock", .type = NFP_CONF_CHOICE, .choices = clocks,
	  .value = "tick", .part = NFP_CONF_PART_PROCESS,
	  .help = "Clock of the packets. `tick`: the first packet of a record has its exact time, the last "
		  "and the change of buckets are up to one tick of the kernel late (1 to 10 ms), and cost "
		  "nothing. `exact` reads the time for every packet." },
	{ TOP(merge_cpus), .path = "merge_cpus", .type = NFP_CONF_BOOL, .value = "true",
	  .part = NFP_CONF_PART_HARVESTER,
	  .help = "Entries of one flow on several CPUs become one record. With `false` each CPU's "
		  "entry is a record of its own and the CPU is part of its UID." },
	{ TOP(nice), .path = "nice", .type = NFP_CONF_UINT, .min = 0, .max = 19, .value = "5",
	  .part = NFP_CONF_PART_PROCESS,
	  .help = "How far nfprobe stands back where programs compete for a CPU: nice(2) of all its threads, unless it "
		  "was started with another value than 0. Counting is the kernel's, and waits for nobody; records are later then "
		  "(docs/safety.md)." },
	{ TOP(stacked), .path = "stacked", .type = NFP_CONF_BOOL, .value = "false",
	  .part = NFP_CONF_PART_HOOKS,
	  .help = "Without `interfaces`: meter every device of a stack (a VLAN and the device "
		  "below it, a bridge and its ports). A packet is then counted once by each." },
	{ TOP(maps_memory), .path = "maps.memory", .type = NFP_CONF_SIZE, .min = 4 * MIB,
	  .max = 1024ull * 1024 * MIB, .value = "512MiB", .part = NFP_CONF_PART_HARVESTER,
	  .help = "Upper limit for all flow maps together." },
	{ TOP(maps_flows), .path = "maps.flows", .type = NFP_CONF_AUTO_UINT, .min = 64,
	  .max = 16777216, .value = "auto", .part = NFP_CONF_PART_HARVESTER,
	  .help = "Entries per protocol and bucket; `auto` sizes the next bucket from the last "
		  "ones. What finds no room is counted in a coarser record, never dropped." },
	{ TOP(maps_table), .path = "maps.table", .type = NFP_CONF_BOOL, .value = "true",
	  .part = NFP_CONF_PART_PROCESS,
	  .help = "Flow tables in front of the kernel's hash maps, where the kernel has what they want "
		  "(5.12). Without them nothing is counted otherwise, only slower." },
	{ TOP(fragments), .path = "fragments", .type = NFP_CONF_CHOICE, .choices = fragments,
	  .value = "ports0", .part = NFP_CONF_PART_HOOKS,
	  .help = "Later fragments of a datagram have no ports of their own: they are counted with ports 0 "
		  "(`ports0`), or with those of their first fragment (`track`), as long as that came "
		  "before them, at most 30s ago, and among the last 4096." },
	{ TOP(enrichment), .path = "enrichment.database", .type = NFP_CONF_PATH, .absent = "records have no facts",
	  .part = NFP_CONF_PART_ENRICHMENT, .example = "/var/lib/nfprobe/enrichment.db",
	  .help = "SQLite database of what is known of addresses, services and interfaces: AS, country, names "
		  "(docs/enrichment.md). A commit counts from the next bucket on, without a restart. "
		  "`nfprobe enrich` makes, fills and asks it." },
	{ TOP(enrichment_routes), .path = "enrichment.routes", .type = NFP_CONF_BOOL, .value = "false",
	  .part = NFP_CONF_PART_ENRICHMENT,
	  .help = "Prefix lengths of source and destination out of the kernel's routing tables, which are followed "
		  "(those of the VRF, local and main). And where packets that come in are forwarded to, egress interface "
		  "and next hop: the kernel is asked once for each new entry, by its own rules and VRFs. A template set has "
		  "to name the fields (docs/enrichment.md)." },
	{ TOP(biflow_memory), .path = "biflow_memory", .type = NFP_CONF_SIZE, .min = MIB,
	  .max = 1024ull * 1024 * MIB, .value = "256MiB", .part = NFP_CONF_PART_HARVESTER,
	  .help = "For collectors with `biflow: true`: records of a bucket that wait for the other direction, "
		  "about 2000 a MiB. What comes beyond goes out by itself, counted as `crowded`." },
	{ TOP(templates), .path = "templates", .type = NFP_CONF_PATH,
	  .absent = "only the built-in sets", .part = NFP_CONF_PART_COLLECTOR,
	  .example = "/etc/nfprobe/templates",
	  .help = "Folder of your own template sets (NAME.yaml); they go before built-in ones of "
		  "the same name." },
	{ TOP(metrics_listen), .path = "metrics.listen", .type = NFP_CONF_LISTEN,
	  .absent = "no page and no metrics", .part = NFP_CONF_PART_PAGE, .example = "127.0.0.1:9469",
	  .help = "Where a page to look at (/), Prometheus metrics (/metrics), /status.json, /flows.json and "
		  "/healthz are. Whoever can reach it can read who talks to whom: keep it on loopback, or "
		  "behind something that asks for a password." },

	{ TOP(syscalls), .path = "security.seccomp", .type = NFP_CONF_CHOICE, .choices = seccomp, .value = "yes",
	  .part = NFP_CONF_PART_PROCESS,
	  .help = "`run` keeps to a list of system calls (docs/security.md). `yes`: what is not in it fails, and is told to "
		  "the kernel's audit log; what only foreign code asks for (exec, ptrace, modules, ...) ends the process. "
		  "`kill`: all of it ends the process. `log`: all works, and is told. `no`: no list." },
	{ TOP(log_level), .path = "log.level", .type = NFP_CONF_CHOICE, .choices = levels, .value = "info",
	  .part = NFP_CONF_PART_LOG,
	  .help = "The least that is logged; `run --verbose` is `debug`." },

	{ TOP(pen), .path = "pen", .type = NFP_CONF_UINT, .min = 1, .max = G_MAXUINT32, .value = "32473",
	  .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Enterprise number that elements of our own have in IPFIX (docs/fields.md). 32473 is the one for "
		  "examples; an organisation that has a number of its own takes that." },

	{ INTERFACE(match), .path = "match", .type = NFP_CONF_GLOB, .required = TRUE,
	  .part = NFP_CONF_PART_HOOKS, .example = "eth*",
	  .help = "Name of the interface, or a glob for several." },
	{ INTERFACE(netns), .path = "netns", .type = NFP_CONF_NAME, .absent = "the daemon's own",
	  .part = NFP_CONF_PART_HOOKS, .example = "blue",
	  .help = "Network namespace (a name of `ip netns`) in which to look. It is an observation "
		  "domain of its own: its records leave under another domain id." },
	{ INTERFACE(direction), .path = "direction", .type = NFP_CONF_CHOICE, .choices = directions,
	  .value = "ingress", .part = NFP_CONF_PART_HOOKS,
	  .help = "Packets that come in, that leave, or both. With `both`, what a router forwards "
		  "is counted on its way in and on its way out." },
	{ INTERFACE(hook), .path = "hook", .type = NFP_CONF_CHOICE, .choices = hooks, .value = "tc",
	  .part = NFP_CONF_PART_HOOKS,
	  .help = "Where the program is attached: tc (by TCX links where the kernel has them, else "
		  "clsact), or xdp (what comes in only, natively where the driver can, else generic; "
		  "what leaves goes by tc). XDP can reset the link when it is attached, takes no "
		  "hook that another program has, and cannot count everything exactly: "
		  "docs/xdp.md." },
	{ INTERFACE(decapsulate), .path = "decapsulate", .type = NFP_CONF_TUNNELS,
	  .absent = "none: the outermost header is the flow", .part = NFP_CONF_PART_HOOKS,
	  .example = "vxlan, gre",
	  .help = "Tunnels that are taken off, up to four in one another: the flow inside is what is "
		  "counted, with kind, id and addresses of its tunnel (docs/tunnels.md)." },
	{ INTERFACE(filter), .path = "filter", .type = NFP_CONF_FILTER, .absent = "everything is metered",
	  .part = NFP_CONF_PART_HOOKS, .example = "not port 22",
	  .help = "What is metered, in the syntax of tcpdump. Packets that are left out are seen, and in no "
		  "record: the books have them as lost, by reason `filtered` (docs/filters.md)." },
	{ INTERFACE(prefixes), .path = "prefixes", .type = NFP_CONF_PREFIXES, .absent = "everything is metered",
	  .part = NFP_CONF_PART_HOOKS, .example = "192.0.2.0/24, 2001:db8::/32",
	  .help = "Only packets from or to these are metered, beside what `filter` says: a list, or the path of a file with one in "
		  "a line; at most 65536. What is left out is lost by reason `filtered` (docs/filters.md)." },
	{ INTERFACE(sampling), .path = "sampling", .type = NFP_CONF_AUTO_UINT, .min = 1, .max = NFP_SAMPLE_MAX,
	  .value = "1", .part = NFP_CONF_PART_HOOKS,
	  .help = "One in how many packets is looked at. 1 = every packet. `auto`: every packet as long as "
		  "`sampling_budget` lasts, else as few as needed, from the next bucket on (docs/sampling.md)." },
	{ INTERFACE(sampling_mode), .path = "sampling_mode", .type = NFP_CONF_CHOICE, .choices = sampling_modes,
	  .value = "random", .part = NFP_CONF_PART_HOOKS,
	  .help = "`random`: each packet with the same probability. `deterministic`: every N-th, from a random "
		  "one on; traffic with a period of its own can fool it." },
	{ INTERFACE(sampling_budget), .path = "sampling_budget", .type = NFP_CONF_UINT, .min = 100, .max = 1000000000,
	  .value = "500000", .part = NFP_CONF_PART_HOOKS,
	  .help = "For `sampling: auto`: packets (socket buffers) a second that a CPU may meter on this "
		  "interface." },

	{ COLLECTOR(name), .path = "name", .type = NFP_CONF_NAME, .required = TRUE,
	  .part = NFP_CONF_PART_COLLECTOR, .example = "nfdump",
	  .help = "Name in the log and in `nfprobe status`; each collector has its own." },
	{ COLLECTOR(endpoint), .path = "endpoint", .type = NFP_CONF_ENDPOINT, .required = TRUE,
	  .part = NFP_CONF_PART_COLLECTOR, .example = "udp://127.0.0.1:4739",
	  .help = "Where to send: udp://, tcp://, tls:// or dtls://HOST[:PORT], an IPv6 address in "
		  "brackets, the port is 4739 if not given, with TLS 4740; zmq://*:PORT (ntopng connects) or zmq://HOST:PORT (it "
		  "listens); file:///PATH; stdout:. What goes where: docs/outputs.md." },
	{ COLLECTOR(protocol), .path = "protocol", .type = NFP_CONF_PROTOCOL,
	  .absent = "ipfix; ntopng over zmq, json to stdout", .example = "ipfix", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Export protocol. Not every one goes over every transport." },
	{ COLLECTOR(template_set), .path = "template_set", .type = NFP_CONF_NAME,
	  .value = "standard", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Which fields leave: a file NAME.yaml in the templates folder, or a built-in "
		  "set. With `biflow: true` the default is `biflow`." },
	{ COLLECTOR(biflow), .path = "biflow", .type = NFP_CONF_BOOL, .value = "false",
	  .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Both directions of a flow in one record, where both were seen in a bucket (RFC 5103, "
		  "docs/biflow.md). Only for collectors that read the elements of the other direction." },
	{ COLLECTOR(filter), .path = "filter", .type = NFP_CONF_FILTER, .absent = "it gets every record",
	  .part = NFP_CONF_PART_COLLECTOR, .example = "net 192.0.2.0/24",
	  .help = "Which records this collector gets, in the syntax of tcpdump, asked of each record as if it were "
		  "a packet (docs/filters.md). The others are counted as `filtered` for it." },
	{ COLLECTOR(prefixes), .path = "prefixes", .type = NFP_CONF_PREFIXES, .absent = "it gets every record",
	  .part = NFP_CONF_PART_COLLECTOR, .example = "192.0.2.0/24, 2001:db8::/32",
	  .help = "This collector gets only records from or to these, beside what `filter` says: a list, or the path of a file with "
		  "one in a line; at most 65536." },
	{ COLLECTOR(kind), .path = "kind", .type = NFP_CONF_CHOICE, .choices = kinds, .value = "other",
	  .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Which collector receives, where that is known: it gets no field that it takes for something "
		  "else, options data in the form that it reads, texts of fixed length if it reads no others. "
		  "`nfprobe check` tells what it ignores." },
	{ COLLECTOR(scale), .path = "sampling", .type = NFP_CONF_CHOICE, .choices = sampling, .value = "announce",
	  .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Of interfaces that are sampled. `announce`: counts are those of the chosen packets, and the rate is "
		  "told; `scale`: they are multiplied by it, for a collector that does not read it (docs/sampling.md)." },
	{ COLLECTOR(refresh_interval), .path = "template_refresh.interval",
	  .type = NFP_CONF_DURATION, .min = S, .max = 24 * HOUR, .value = "60s",
	  .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Over UDP, templates are sent again at least this often." },
	{ COLLECTOR(refresh_messages), .path = "template_refresh.messages", .type = NFP_CONF_UINT,
	  .min = 1, .max = 1000000, .value = "20", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Over UDP, templates are sent again after so many data messages, too." },
	{ COLLECTOR(domain), .path = "domain", .type = NFP_CONF_UINT, .min = 1, .max = G_MAXUINT32 - NAMESPACES_MAX,
	  .value = "1", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Observation domain id of this exporter; the n-th other network namespace sends "
		  "as this + n." },
	{ COLLECTOR(mtu), .path = "mtu", .type = NFP_CONF_AUTO_UINT, .min = 512, .max = 65507,
	  .value = "auto", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Largest message in octets, without IP and UDP headers. `auto`: 1420 over UDP, 8192 over "
		  "TCP, 32768 over zmq, 16384 into files, 65535 for lines of JSON." },
	{ COLLECTOR(rotate_size), .path = "rotate.size", .type = NFP_CONF_SIZE, .min = 0,
	  .max = 1024ull * 1024 * MIB, .value = "0MiB", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "A file that would grow larger is finished: it gets a name with the time in it, and a new one "
		  "is begun (docs/outputs.md). At least 1MiB; 0MiB: no limit." },
	{ COLLECTOR(rotate_interval), .path = "rotate.interval", .type = NFP_CONF_DURATION, .min = 0,
	  .max = 31 * 24 * HOUR, .value = "0s", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "A file is finished after so long, unless it is empty. At least 1s; 0s: no limit." },
	{ COLLECTOR(rotate_keep), .path = "rotate.keep", .type = NFP_CONF_UINT, .min = 0, .max = 1000000,
	  .value = "0", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "How many finished files stay; older ones are removed. 0: all stay." },
	{ COLLECTOR(source), .path = "source", .type = NFP_CONF_ADDRESS,
	  .absent = "the system chooses", .part = NFP_CONF_PART_COLLECTOR, .example = "192.0.2.1",
	  .help = "Address to send from." },
	{ COLLECTOR(device), .path = "device", .type = NFP_CONF_IFNAME,
	  .absent = "the routing table decides", .part = NFP_CONF_PART_COLLECTOR, .example = "mgmt",
	  .help = "Interface or VRF to send through." },
	{ COLLECTOR(tls.ca), .path = "tls.ca", .type = NFP_CONF_PATH, .absent = "the system's",
	  .part = NFP_CONF_PART_COLLECTOR, .example = "/etc/nfprobe/ca.pem",
	  .help = "For tls:// and dtls://: file of the CAs that the collector's certificate must come "
		  "from (PEM). It and the next two are read again for every connection." },
	{ COLLECTOR(tls.certificate), .path = "tls.certificate", .type = NFP_CONF_PATH,
	  .absent = "none", .part = NFP_CONF_PART_COLLECTOR, .example = "/etc/nfprobe/client.pem",
	  .help = "Our own certificate, for a collector that asks for one, followed by those between "
		  "it and its CA (PEM)." },
	{ COLLECTOR(tls.key), .path = "tls.key", .type = NFP_CONF_PATH, .absent = "none",
	  .part = NFP_CONF_PART_COLLECTOR, .example = "/etc/nfprobe/client.key",
	  .help = "Its private key (PEM, without a password); nobody but its owner and group may read "
		  "it." },
	{ COLLECTOR(tls.server_name), .path = "tls.server_name", .type = NFP_CONF_HOSTNAME,
	  .absent = "the host of `endpoint`", .part = NFP_CONF_PART_COLLECTOR,
	  .example = "collector.example.net",
	  .help = "Name that the collector's certificate must be for." },
	{ COLLECTOR(tls.verify), .path = "tls.verify", .type = NFP_CONF_BOOL, .value = "true",
	  .part = NFP_CONF_PART_COLLECTOR,
	  .help = "With `false` any certificate is taken: the records are encrypted for whoever "
		  "answers." },
	{ COLLECTOR(tls.renew), .path = "tls.renew", .type = NFP_CONF_DURATION, .max = 24 * HOUR,
	  .value = "0s", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "For dtls://: a new handshake, and with it a new session, so often: a collector that was "
		  "restarted unnoticed drops all records until then. 0s: never." },
	{ COLLECTOR(retry), .path = "retry", .type = NFP_CONF_DURATION, .min = 100 * MS,
	  .max = HOUR, .value = "60s", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Least time between two attempts to connect over TCP (RFC 7011 asks for a "
		  "minute)." },
	{ COLLECTOR(queue), .path = "queue", .type = NFP_CONF_UINT, .min = 1, .max = 65536,
	  .value = "64", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Batches (of up to 4096 records) that wait for a slow collector; what comes when "
		  "the queue is full goes to the spool, or is refused for this collector and counted." },
	{ COLLECTOR(rate), .path = "rate", .type = NFP_CONF_AUTO_UINT, .min = 1,
	  .max = G_MAXUINT32, .value = "auto", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Records a second at most. `auto`: over UDP a bucket is spread over less than half of "
		  "the interval (never slower than 10000 a second), so that it does not overrun the "
		  "collector's socket; over TCP as fast as they are taken." },
	{ COLLECTOR(resend), .path = "resend", .type = NFP_CONF_SIZE, .min = 0,
	  .max = 1024 * MIB, .value = "8MiB", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Over TCP and TLS: after a session that ended badly, what was acknowledged last is sent "
		  "again, so many octets, beside all that was not acknowledged. With a spool it is kept "
		  "there, else in memory. 0 = nothing is." },
	{ COLLECTOR(spool_path), .path = "spool.path", .type = NFP_CONF_PATH,
	  .absent = "no spool", .part = NFP_CONF_PART_COLLECTOR, .example = "/var/lib/nfprobe/spool",
	  .help = "Folder of the spool, a file NAME.spool for each collector: what cannot be delivered "
		  "waits there, also while no daemon runs (docs/delivery.md)." },
	{ COLLECTOR(spool_size), .path = "spool.size", .type = NFP_CONF_SIZE, .min = MIB,
	  .max = 1024ull * 1024 * MIB, .value = "1GiB", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Of this collector's file, at most; when it is full the oldest records are dropped and "
		  "counted." },
	{ COLLECTOR(spool_on_icmp), .path = "spool.on_icmp", .type = NFP_CONF_BOOL, .value = "false",
	  .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Over UDP: a collector that answers with ICMP errors is away, and what was sent in the "
		  "last seconds goes to the spool with the rest, until templates sent to it bring no more "
		  "errors." },
	{ COLLECTOR(spool_rate), .path = "spool.rate", .type = NFP_CONF_AUTO_UINT, .min = 1,
	  .max = G_MAXUINT32, .value = "auto", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Records a second at which a spool is emptied, new records going first. `auto`: 10000 "
		  "over UDP, over TCP as fast as they are taken." },

	{ GROUP(name), .path = "name", .type = NFP_CONF_NAME, .required = TRUE,
	  .part = NFP_CONF_PART_COLLECTOR, .example = "pair",
	  .help = "Name in the log and in `nfprobe status`." },
	{ GROUP(policy), .path = "policy", .type = NFP_CONF_CHOICE, .choices = policies,
	  .value = "mirror", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "`mirror`: every member gets everything. `balance`: each flow goes to one member, the "
		  "same for both directions, after restarts too; what is a member's waits for it. "
		  "`failover`: all goes to the first member that is there." },
	{ GROUP(members), .path = "members", .type = NFP_CONF_NAMES, .required = TRUE,
	  .part = NFP_CONF_PART_COLLECTOR, .example = "nfdump",
	  .help = "Names of collectors; with `failover` the most wanted first." },
	{ GROUP(down_after), .path = "down_after", .type = NFP_CONF_DURATION, .max = HOUR,
	  .value = "10s", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Failover: a member that is away for so long is replaced by the next." },
	{ GROUP(back_after), .path = "back_after", .type = NFP_CONF_DURATION, .max = 24 * HOUR,
	  .value = "60s", .part = NFP_CONF_PART_COLLECTOR,
	  .help = "Failover: a member that is wanted more is taken again when it has been there for so "
		  "long." },
};
const guint nfp_conf_rows_n = G_N_ELEMENTS(nfp_conf_rows);

const NfpConfLater nfp_conf_later[] = {
	{ NFP_CONF_TOP, "keys" },
};
const guint nfp_conf_later_n = G_N_ELEMENTS(nfp_conf_later);

const NfpConfRow *nfp_conf_row_find(NfpConfTable table, const char *path)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++)
		if (nfp_conf_rows[i].table == table && strcmp(nfp_conf_rows[i].path, path) == 0)
			return &nfp_conf_rows[i];
	return NULL;
}

gboolean nfp_conf_is_section(NfpConfTable table, const char *path)
{
	size_t length = strlen(path);

	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];

		if (row->table == table && strncmp(row->path, path, length) == 0 &&
		    row->path[length] == '.')
			return TRUE;
	}
	return FALSE;
}

gboolean nfp_conf_is_later(NfpConfTable table, const char *path)
{
	for (guint i = 0; i < nfp_conf_later_n; i++)
		if (nfp_conf_later[i].table == table && strcmp(nfp_conf_later[i].path, path) == 0)
			return TRUE;
	return FALSE;
}

NfpConfTable nfp_conf_list_find(const char *key)
{
	for (guint i = NFP_CONF_TOP + 1; i < NFP_CONF_TABLES_N; i++)
		if (strcmp(nfp_conf_lists[i].key, key) == 0)
			return i;
	return NFP_CONF_TOP;
}

static void add_key(GPtrArray *keys, char *key)
{
	for (guint i = 0; i < keys->len; i++) {
		if (strcmp(g_ptr_array_index(keys, i), key) == 0) {
			g_free(key);
			return;
		}
	}
	g_ptr_array_add(keys, key);
}

GPtrArray *nfp_conf_keys(NfpConfTable table, const char *section)
{
	GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
	size_t length = section ? strlen(section) : 0;

	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const char *path = nfp_conf_rows[i].path;

		if (nfp_conf_rows[i].table != table)
			continue;
		if (length > 0) {
			if (strncmp(path, section, length) != 0 || path[length] != '.')
				continue;
			path += length + 1;
		}
		add_key(keys, g_strndup(path, strcspn(path, ".")));
	}
	if (table == NFP_CONF_TOP && length == 0)
		for (guint i = NFP_CONF_TOP + 1; i < NFP_CONF_TABLES_N; i++)
			add_key(keys, g_strdup(nfp_conf_lists[i].key));
	return keys;
}

void nfp_conf_set_defaults(NfpConfTable table, void *base)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		const NfpConfRow *row = &nfp_conf_rows[i];
		g_autofree char *why = NULL;

		if (row->table == table && row->value &&
		    !nfp_conf_value_parse(row, row->value, base, &why))
			g_error("default of %s: %s", row->path,
				why); /* a row that contradicts itself */
	}
}

void nfp_conf_clear_strings(NfpConfTable table, void *base)
{
	for (guint i = 0; i < nfp_conf_rows_n; i++) {
		void *member = (char *)base + nfp_conf_rows[i].offset;

		if (nfp_conf_rows[i].table != table)
			continue;
		if (nfp_conf_types[nfp_conf_rows[i].type].is_string)
			g_clear_pointer((char **)member, g_free);
		else if (nfp_conf_rows[i].type == NFP_CONF_PREFIXES)
			g_clear_pointer((NfpPrefixes **)member, nfp_prefixes_free);
	}
}
