/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe/attach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "probe/pins.h"

/* Best first. */
static const NfpAttachMethod *const methods[] = {
	&nfp_attach_tcx,
	&nfp_attach_clsact,
	&nfp_attach_xdp_native,
	&nfp_attach_xdp_generic,
};

static bool is_for(const NfpAttachMethod *method, const NfpHook *hook)
{
	return method->xdp == !!(hook->flags & NFP_KEY_XDP);
}

static void pin_name(const NfpHook *hook, char ret[NFP_PIN_NAME_MAX])
{
	snprintf(ret, NFP_PIN_NAME_MAX, "%u-%s-%s", hook->ifindex,
		 hook->flags & NFP_KEY_EGRESS ? "egress" : "ingress", hook->flags & NFP_KEY_XDP ? "xdp" : "tc");
}

char *nfp_attach_pin(const NfpAttachContext *context, const NfpHook *hook)
{
	char name[NFP_PIN_NAME_MAX];

	pin_name(hook, name);
	return g_build_filename(context->links, name, NULL);
}

bool nfp_attach_parse(const char *name, NfpHook *ret_hook)
{
	NfpHook hook = { .ifindex = (uint32_t)g_ascii_strtoull(name, NULL, 10) };
	char again[NFP_PIN_NAME_MAX];

	if (strstr(name, "-egress-"))
		hook.flags |= NFP_KEY_EGRESS;
	if (g_str_has_suffix(name, "-xdp"))
		hook.flags |= NFP_KEY_XDP;
	pin_name(&hook, again);
	if (!hook.ifindex || strcmp(again, name) != 0)
		return false;
	*ret_hook = hook;
	return true;
}

/* Nobody installed an object of ours there with tc. Not being able to look is no reason not to attach. */
static gboolean no_copy(const NfpAttachContext *context, const NfpHook *hook, int program, GError **err)
{
	const char *way = hook->flags & NFP_KEY_EGRESS ? "egress" : "ingress";
	int copy = nfp_clsact_find_copy(context, hook, program);

	if (copy <= 0)
		return TRUE;
	g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED,
		    "an object of nfprobe was installed there with tc (%s, pref %d), and packets would be "
		    "counted twice: remove it with \"tc filter del dev ... %s pref %d\"", way, copy, way, copy);
	return FALSE;
}

gboolean nfp_attach_try(const NfpAttachContext *context, const NfpHook *hook, int program, GError **err)
{
	if (!(hook->flags & NFP_KEY_XDP))
		return no_copy(context, hook, program, err);
	if (nfp_xdp_is_free(context, hook, err))
		return TRUE;
	g_prefix_error(err, "XDP: ");
	return FALSE;
}

gboolean nfp_attach(const NfpAttachContext *context, const NfpHook *hook, int program, bool force_clsact,
		    GError **err)
{
	const NfpAttachMethod *method = NULL;

	if (!(hook->flags & NFP_KEY_XDP) && !no_copy(context, hook, program, err))
		return FALSE;
	/* What holds the hook keeps it: a change of method would leave a gap or count twice. */
	for (guint i = 0; !method && i < G_N_ELEMENTS(methods); i++) {
		if (is_for(methods[i], hook) && methods[i]->find(context, hook) == 1)
			method = methods[i];
	}
	if (!method && force_clsact && is_for(&nfp_attach_clsact, hook))
		method = &nfp_attach_clsact;
	for (guint i = 0; !method && i < G_N_ELEMENTS(methods); i++) {
		if (is_for(methods[i], hook) && methods[i]->usable(context, hook))
			method = methods[i];
	}
	if (!method) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_CANNOT,
			    "the kernel has neither TCX links (6.6) nor the clsact qdisc (CONFIG_NET_CLS_BPF)");
		return FALSE;
	}
	if (method->attach(context, hook, program, err))
		return TRUE;
	g_prefix_error(err, "%s: ", method->xdp ? "XDP" : method->name);
	return FALSE;
}

int nfp_attach_remove(const NfpAttachContext *context, const NfpHook *hook)
{
	int first = 0;

	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		int rc = is_for(methods[i], hook) ? methods[i]->detach(context, hook) : 0;

		first = first ? first : rc;
	}
	return first;
}

int nfp_attach_list(const NfpAttachContext *context, GArray *ret_attached)
{
	g_autoptr(GArray) attached = g_array_new(FALSE, FALSE, sizeof(NfpAttached));

	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		g_autoptr(GArray) hooks = g_array_new(FALSE, FALSE, sizeof(NfpHook));
		int rc = methods[i]->list(context, hooks);

		if (rc)
			return rc;
		for (guint j = 0; j < hooks->len; j++) {
			NfpAttached one = { g_array_index(hooks, NfpHook, j), methods[i] };

			g_array_append_val(attached, one);
		}
	}
	g_array_set_size(ret_attached, 0);
	if (attached->len)
		g_array_append_vals(ret_attached, attached->data, attached->len);
	return 0;
}

bool nfp_attach_has(const NfpAttachContext *context, const NfpHook *hook)
{
	for (guint i = 0; i < G_N_ELEMENTS(methods); i++)
		if (is_for(methods[i], hook) && methods[i]->find(context, hook) == 1)
			return true;
	return false;
}

void nfp_attach_forget(const NfpAttachContext *context, uint32_t ifindex)
{
	for (guint i = 0; i < G_N_ELEMENTS(methods); i++)
		methods[i]->forget(context, ifindex);
}
