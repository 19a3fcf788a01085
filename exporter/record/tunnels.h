/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds of tunnel (ebpf/tunnels.def) by the names that people write. */
#ifndef NFP_RECORD_TUNNELS_H
#define NFP_RECORD_TUNNELS_H

#include <glib.h>
#include <stdint.h>

/* Name of a kind; "none" for 0. */
const char *nfp_tunnel_name(guint type);
/* Each end chooses the id of what it receives: the two directions of a flow have two ids. */
gboolean nfp_tunnel_is_one_way(guint type);
/* A copy of traffic on its way to an analyser: both directions of a flow go the same way. */
gboolean nfp_tunnel_is_mirror(guint type);
/* Bits (1 << kind) of a name; "ipip" is all four of IP in IP, "all" is all. 0: no such name. */
uint32_t nfp_tunnel_bits(const char *name);
/* Nearest name, or NULL. */
const char *nfp_tunnel_suggest(const char *name);
/* "ipip, gre, ... or all" */
char *nfp_tunnel_names(void);
/* docs/tunnels.md's table. */
void nfp_tunnels_print_markdown(GString *out);

#endif
