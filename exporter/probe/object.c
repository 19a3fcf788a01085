/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An object file for tc(8): the settings of one interface in its .rodata, and maps that are those of the
 * instance.
 *
 * tc (iproute2 with libbpf) opens a map by its name under /sys/fs/bpf/tc/globals when the map's BTF says
 * LIBBPF_PIN_BY_NAME. So the domain's maps are pinned there a second time, under names that hold the
 * instance; in the file each map gets that name, as a symbol and in the BTF, and that attribute.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "probe/domain.h"
#include "probe/oldkernel.h"

#define GLOBALS "tc/globals"
#define PIN_BY_NAME 1 /* LIBBPF_PIN_BY_NAME of bpf/bpf_helpers.h, which is for BPF programs */

typedef struct btf NfpBtf;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NfpBtf, btf__free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Elf, elf_end)

/* Where tc looks: TC_BPF_MNT is its own variable. */
static char *globals_directory(void)
{
	const char *mount = g_getenv("TC_BPF_MNT");

	return g_build_filename(mount && *mount ? mount : "/sys/fs/bpf", GLOBALS, NULL);
}

/* "nfprobe_<instance>_<8 hex digits of the directory>_": a C identifier, as names in BTF are. */
static char *shared_prefix(const char *directory)
{
	g_autofree char *base = g_path_get_basename(directory);

	g_strcanon(base, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS, '_');
	return g_strdup_printf("nfprobe_%.32s_%08x_", base, g_str_hash(directory));
}

void nfp_object_unshare(const char *directory)
{
	g_autofree char *globals = globals_directory();
	g_autofree char *prefix = shared_prefix(directory);
	g_autoptr(GDir) dir = g_dir_open(globals, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		if (g_str_has_prefix(name, prefix)) {
			g_autofree char *path = g_build_filename(globals, name, NULL);

			unlink(path);
		}
	}
}

/* Pins a map of the domain a second time. One that is there already is the same map, or of an instance
 * that was detached while tc's directory was elsewhere. */
static gboolean share_map(NfpProbe *probe, const char *map, const char *shared, GError **err)
{
	g_autofree char *globals = globals_directory();
	g_autofree char *from = g_build_filename(probe->directory, map, NULL);
	g_autofree char *to = g_build_filename(globals, shared, NULL);
	NFP_AUTO_FD int fd = bpf_obj_get(from);
	int rc;

	if (fd < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot open %s", from);
	if (!nfp_pins_is_bpffs(globals)) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_CANNOT,
			    "tc looks for shared maps in %s, and there is no BPF file system: mount it "
			    "(mount -t bpf bpf /sys/fs/bpf)", globals);
		return FALSE;
	}
	rc = nfp_pins_mkdir(globals);
	if (!rc && unlink(to) < 0 && errno != ENOENT)
		rc = -errno;
	if (!rc && bpf_obj_pin(fd, to))
		rc = -errno;
	return !rc || nfp_error_errno(err, NFP_ERROR_FAILED, -rc, "cannot pin %s", to);
}

typedef struct {
	Elf *elf;
	Elf_Scn *rodata, *btf, *maps, *symbols;
} NfpObject;

static bool object_sections(NfpObject *object)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(object->elf, &names))
		return false;
	while ((section = elf_nextscn(object->elf, section))) {
		GElf_Shdr header;
		const char *name;

		if (!gelf_getshdr(section, &header))
			return false;
		name = elf_strptr(object->elf, names, header.sh_name);
		if (!name)
			return false;
		if (header.sh_type == SHT_SYMTAB)
			object->symbols = section;
		else if (!strcmp(name, ".rodata"))
			object->rodata = section;
		else if (!strcmp(name, ".BTF"))
			object->btf = section;
		else if (!strcmp(name, ".maps"))
			object->maps = section;
	}
	return object->rodata && object->btf && object->maps && object->symbols;
}

/* Number of a variable's symbol; negative: there is none in that section. */
static int object_symbol(const NfpObject *object, const char *name, Elf_Scn *section, GElf_Sym *ret_symbol)
{
	Elf_Data *data = elf_getdata(object->symbols, NULL);
	GElf_Shdr header;

	if (!data || !gelf_getshdr(object->symbols, &header))
		return -1;
	for (int i = 0; gelf_getsym(data, i, ret_symbol); i++) {
		const char *at = elf_strptr(object->elf, header.sh_link, ret_symbol->st_name);

		if (at && !strcmp(at, name) && ret_symbol->st_shndx == elf_ndxscn(section))
			return i;
	}
	return -1;
}

/* The new name is put at the end of *strings, which takes the place of the string table. */
static bool object_rename_symbol(const NfpObject *object, const char *from, const char *to, GByteArray *strings)
{
	Elf_Data *data = elf_getdata(object->symbols, NULL);
	GElf_Sym symbol;
	int i = object_symbol(object, from, object->maps, &symbol);

	if (i < 0)
		return false;
	symbol.st_name = strings->len;
	g_byte_array_append(strings, (const guint8 *)to, (guint)strlen(to) + 1);
	return gelf_update_sym(data, i, &symbol) && elf_flagdata(data, ELF_C_SET, ELF_F_DIRTY);
}

static bool object_set_knob(const NfpObject *object, const NfpKnob *knob)
{
	Elf_Data *data = elf_getdata(object->rodata, NULL);
	GElf_Sym symbol;

	if (!data || object_symbol(object, knob->name, object->rodata, &symbol) < 0 ||
	    symbol.st_value + knob->size > data->d_size)
		return false;
	/* The object is for machines of this byte order. */
	if (knob->size == sizeof(knob->value))
		memcpy((uint8_t *)data->d_buf + symbol.st_value, &knob->value, sizeof(knob->value));
	else
		((uint8_t *)data->d_buf)[symbol.st_value] = (uint8_t)knob->value;
	elf_flagdata(data, ELF_C_SET, ELF_F_DIRTY);
	return true;
}

/* The struct that describes a map, with `__uint(pinning, LIBBPF_PIN_BY_NAME)` in front: an attribute is
 * the number of elements of an array that the member points to. Offset 0 as the member behind it: the
 * size must stay, and nobody reads values. */
static int add_pinned_type(struct btf *btf, int of)
{
	const struct btf_type *old = btf__type_by_id(btf, (uint32_t)of);
	int number = btf__find_by_name_kind(btf, "int", BTF_KIND_INT);
	int n = btf_vlen(old), size = (int)old->size, array, pointer, made;

	if (number < 0)
		return number;
	array = btf__add_array(btf, number, number, PIN_BY_NAME);
	pointer = btf__add_ptr(btf, array);
	made = btf__add_struct(btf, NULL, (uint32_t)size);
	if (array < 0 || pointer < 0 || made < 0 || btf__add_field(btf, "pinning", pointer, 0, 0))
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		/* Adding moves the types in memory: look again. */
		const struct btf_member *member = &btf_members(btf__type_by_id(btf, (uint32_t)of))[i];
		const char *name = btf__name_by_offset(btf, member->name_off);
		uint32_t offset = member->offset;

		if (btf__add_field(btf, name, (int)member->type, offset, 0))
			return -ENOMEM;
	}
	return made;
}

static struct btf_type *type_of(struct btf *btf, int id)
{
	return (struct btf_type *)btf__type_by_id(btf, (uint32_t)id);
}

/* Gives each map its shared name and the attribute, and pins it under that name. */
static gboolean rename_maps(NfpProbe *probe, const NfpObject *object, struct btf *btf, GByteArray *strings,
			    GError **err)
{
	g_autofree char *prefix = shared_prefix(probe->directory);
	int maps = btf__find_by_name_kind(btf, ".maps", BTF_KIND_DATASEC);

	if (maps < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, EBADMSG, "the object has no maps");
	for (int i = 0; i < btf_vlen(type_of(btf, maps)); i++) {
		int variable = (int)btf_var_secinfos(type_of(btf, maps))[i].type;
		g_autofree char *name = g_strdup(
			btf__name_by_offset(btf, type_of(btf, variable)->name_off));
		g_autofree char *shared = g_strconcat(prefix, name, NULL);
		int type = add_pinned_type(btf, (int)type_of(btf, variable)->type);
		int text = btf__add_str(btf, shared);

		if (type < 0 || text < 0 || !object_rename_symbol(object, name, shared, strings))
			return nfp_error_errno(err, NFP_ERROR_FAILED, EBADMSG, "cannot rename map %s", name);
		type_of(btf, variable)->name_off = (uint32_t)text;
		type_of(btf, variable)->type = (uint32_t)type;
		if (!share_map(probe, name, shared, err))
			return FALSE;
	}
	return TRUE;
}

static Elf_Data *string_table(const NfpObject *object)
{
	GElf_Shdr header;

	if (!gelf_getshdr(object->symbols, &header))
		return NULL;
	return elf_getdata(elf_getscn(object->elf, header.sh_link), NULL);
}

/* The memory must live until elf_update(). */
static void data_replace(Elf_Data *data, const void *with, size_t size)
{
	data->d_buf = (void *)with;
	data->d_size = size;
	elf_flagdata(data, ELF_C_SET, ELF_F_DIRTY);
}

static gboolean write_settings(NfpProbe *probe, int fd, NfpProgramSettings settings, GError **err)
{
	g_autoptr(GByteArray) strings = g_byte_array_new();
	g_autoptr(NfpBtf) btf = NULL;
	g_autoptr(Elf) elf = NULL; /* last: ended first, while its data are there */
	NfpObject object = { 0 };
	NfpKnob knobs[NFP_KNOBS_N];
	Elf_Data *btf_data, *string_data;
	const void *raw;
	uint32_t size;

	elf_version(EV_CURRENT);
	elf = object.elf = elf_begin(fd, ELF_C_RDWR, NULL);
	if (!elf || !object_sections(&object) || !(btf_data = elf_getdata(object.btf, NULL)) ||
	    !(string_data = string_table(&object)))
		return nfp_error_errno(err, NFP_ERROR_FAILED, EBADMSG, "the object cannot be read");
	nfp_load_knobs(settings, knobs);
	for (guint i = 0; i < G_N_ELEMENTS(knobs); i++) {
		if (!object_set_knob(&object, &knobs[i]))
			return nfp_error_errno(err, NFP_ERROR_FAILED, EBADMSG, "the object has no %s",
					       knobs[i].name);
	}
	btf = btf__new(btf_data->d_buf, (uint32_t)btf_data->d_size);
	if (!btf)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "the object's BTF cannot be read");
	g_byte_array_append(strings, string_data->d_buf, (guint)string_data->d_size);
	if (!rename_maps(probe, &object, btf, strings, err))
		return FALSE;
	raw = btf__raw_data(btf, &size);
	if (!raw)
		return nfp_error_errno(err, NFP_ERROR_FAILED, ENOMEM, "cannot write the object");
	data_replace(btf_data, raw, size);
	data_replace(string_data, strings->data, strings->len);
	if (elf_update(elf, ELF_C_WRITE) < 0) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "cannot write the object: %s", elf_errmsg(-1));
		return FALSE;
	}
	return TRUE;
}

gboolean nfp_probe_write_object(NfpProbe *probe, const char *ifname, NfpDirection direction,
				const char *path, GError **err)
{
	g_autofree char *unfinished = g_strconcat(path, ".new", NULL);
	NfpProgramSettings settings = { .egress = direction == NFP_DIRECTION_EGRESS,
					.table = probe->buckets->tables, .exact = probe->buckets->exact };
	NFP_AUTO_FD int fd = -1;
	g_autofree void *object = NULL;
	g_auto(NfpFilterCode) filter = NFP_FILTER_CODE_NONE;
	const void *original;
	size_t size;
	NfpLink link;

	if (direction == NFP_DIRECTION_BOTH) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_USAGE,
			    "an object is for one direction: ingress or egress");
		return FALSE;
	}
	if (!nfp_probe_find_readable(probe, ifname, &link, err))
		return FALSE;
	settings.l3 = !link.ethernet;
	settings.parse = probe->parse;
	if (!nfp_load_filter(settings, &filter, err))
		return FALSE;
	if (filter.tries.v4 >= 0 || filter.tries.v6 >= 0) {
		g_set_error(err, NFP_ERROR, NFP_ERROR_FAILED, "a list of prefixes is a map that no object can bring along");
		return FALSE;
	}
	fd = open(unfinished, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot write %s", unfinished);
	original = nfp_load_object(&size);
	object = g_memdup2(original, size);
	if (!settings.table)
		nfp_oldkernel_patch(object, size); /* it may be for such a kernel */
	errno = 0;
	if (filter.insns && nfp_translate_splice(object, size, filter.insns)) {
		nfp_error_errno(err, NFP_ERROR_FAILED, EBADMSG, "the object has no place for the filter");
	} else if (write(fd, object, size) != (ssize_t)size) {
		nfp_error_errno(err, NFP_ERROR_FAILED, errno ? errno : ENOSPC, "cannot write %s", unfinished);
	} else if (write_settings(probe, fd, settings, err)) {
		if (!rename(unfinished, path))
			return TRUE;
		nfp_error_errno(err, NFP_ERROR_FAILED, errno, "cannot write %s", path);
	}
	unlink(unfinished);
	return FALSE;
}
