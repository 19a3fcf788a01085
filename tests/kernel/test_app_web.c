/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page's server over real pins. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/web.h"
#include "support/metered.h"
#include "support/netns.h"

static char *ask(guint16 port, const char *path)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	g_autofree char *request = g_strdup_printf("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
	g_autoptr(GString) got = g_string_new(NULL);
	int s = socket(AF_INET, SOCK_STREAM, 0);
	char part[4096];
	ssize_t n;

	cr_assert_eq(connect(s, (struct sockaddr *)&to, sizeof(to)), 0);
	cr_assert_eq(send(s, request, strlen(request), 0), (ssize_t)strlen(request));
	while ((n = read(s, part, sizeof(part))) > 0)
		g_string_append_len(got, part, n);
	close(s);
	return g_string_free(g_steal_pointer(&got), FALSE);
}

static void expect(guint16 port, const char *path, const char *status, const char *contains)
{
	g_autofree char *reply = ask(port, path);

	cr_expect(g_str_has_prefix(reply, status), "%s: %s", path, reply);
	cr_expect_not_null(strstr(reply, contains), "%s: %s", path, reply);
}

static NfpConf conf_of(const char *instance)
{
	return (NfpConf){ .instance = (char *)instance, .pin_root = (char *)NFPT_PIN_ROOT, .run_dir = (char *)"/nonexistent",
			  .metrics_listen = (char *)"0", .interfaces = g_array_new(FALSE, TRUE, sizeof(NfpInterfaceOptions)) };
}

Test(app_web, answers_over_real_books)
{
	g_autoptr(NfpTalkers) talkers = nfp_talkers_new();
	g_autoptr(GError) error = NULL;
	NfpWeb *web;
	NfpProbe *probe;
	NfpConf conf;
	guint16 port;

	nfpt_sandbox();
	conf = conf_of("web");
	nfpt_wire("a0", "peer", "b0");
	nfpt_run("ip link set lo up");
	probe = nfpt_open("web", NULL, false);
	nfpt_meter(probe);
	nfpt_attach(probe, "a0", NFP_DIRECTION_BOTH);
	nfpt_run("ping -q -c 5 -i 0.01 10.9.0.2");
	web = nfp_web_new(&conf, talkers, &error);
	cr_assert_not_null(web, "%s", error ? error->message : "");
	port = nfp_web_port(web);
	expect(port, "/", "HTTP/1.1 200", "<title>nfprobe</title>");
	expect(port, "/metrics", "HTTP/1.1 200", "nfprobe_seen_packets_total{interface=\"a0\"");
	expect(port, "/status.json", "HTTP/1.1 200", "\"ifname\":\"a0\"");
	expect(port, "/flows.json", "HTTP/1.1 200", "\"domains\":[]");
	expect(port, "/healthz", "HTTP/1.1 503", "the daemon does not answer");
	expect(port, "/etc/passwd", "HTTP/1.1 404", "there is no such page");
	expect(port, "//", "HTTP/1.1 404", "there is no such page");
	nfp_web_free(web);
	nfp_probe_free(probe);
	g_array_unref(conf.interfaces);
}

Test(app_web, nothing_is_metered)
{
	g_autoptr(NfpTalkers) talkers = nfp_talkers_new();
	g_autoptr(GError) error = NULL;
	NfpWeb *web;
	NfpConf conf;

	nfpt_sandbox();
	nfpt_run("ip link set lo up");
	conf = conf_of("nobody");
	web = nfp_web_new(&conf, talkers, &error);
	cr_assert_not_null(web, "%s", error ? error->message : "");
	expect(nfp_web_port(web), "/metrics", "HTTP/1.1 503", "nothing is metered");
	expect(nfp_web_port(web), "/healthz", "HTTP/1.1 503", "nothing is metered");
	expect(nfp_web_port(web), "/", "HTTP/1.1 200", "<title>nfprobe</title>");
	nfp_web_free(web);
	g_array_unref(conf.interfaces);
}
