# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is installed where, and the Debian package. Configuration lies in /etc and the unit where systemd looks
# whatever the prefix is, for the documentation names these places. `cpack -G DEB` in a build directory, or
# scripts/package, leaves nfprobe_<version>_<architecture>.deb.

set(NFP_SYSCONFDIR "/etc" CACHE PATH "where nfprobe/ with the configuration lies")
set(package "${CMAKE_SOURCE_DIR}/packaging")
set(made "${CMAKE_BINARY_DIR}/package")
file(MAKE_DIRECTORY "${made}")

# nfp_compressed(<file> <name>): a .gz of a file, without a time in it.
function(nfp_compressed input name)
	set(output "${made}/${name}.gz")
	add_custom_command(OUTPUT "${output}" COMMAND sh -c "gzip -9nc '${input}' >'${output}'"
		DEPENDS "${input}" VERBATIM)
	set_property(GLOBAL APPEND PROPERTY NFP_MADE "${output}")
endfunction()

install(TARGETS nfprobe RUNTIME DESTINATION "${CMAKE_INSTALL_SBINDIR}")
install(DIRECTORY templates DESTINATION "${NFP_SYSCONFDIR}/nfprobe" FILES_MATCHING PATTERN "*.yaml")
install(FILES "${package}/nfprobe.yaml" DESTINATION "${NFP_SYSCONFDIR}/nfprobe")
install(FILES config/nfprobe.yaml config/alerts.yaml config/grafana.json
	DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/nfprobe/examples")
install(FILES "${package}/completion/nfprobe.bash" RENAME nfprobe
	DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(FILES "${package}/completion/_nfprobe" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
file(GLOB docs CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/docs/*.md")
install(FILES README.md ${docs} DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/nfprobe")

# The manual pages. nfprobe.yaml(5) is printed by the binary, from the rows that it reads files by.
add_custom_command(OUTPUT "${made}/nfprobe.yaml.5"
	COMMAND sh -c "$<TARGET_FILE:nfprobe> schema --man >'${made}/nfprobe.yaml.5'"
	DEPENDS nfprobe VERBATIM)
nfp_compressed("${CMAKE_SOURCE_DIR}/docs/nfprobe.8" nfprobe.8)
nfp_compressed("${made}/nfprobe.yaml.5" nfprobe.yaml.5)
install(FILES "${made}/nfprobe.8.gz" DESTINATION "${CMAKE_INSTALL_MANDIR}/man8")
install(FILES "${made}/nfprobe.yaml.5.gz" DESTINATION "${CMAKE_INSTALL_MANDIR}/man5")

# What Debian's policy wants beside them.
set(NFP_DEBIAN_REVISION 1)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(NFP_MAINTAINER "nfprobe maintainers <maintainers@nfprobe.invalid>")
file(CONFIGURE OUTPUT "${made}/changelog.Debian" @ONLY CONTENT
"nfprobe (@PROJECT_VERSION@-@NFP_DEBIAN_REVISION@) bookworm; urgency=medium

  * What is new: changelog.gz.

 -- @NFP_MAINTAINER@  @date@
")
nfp_compressed("${CMAKE_SOURCE_DIR}/CHANGELOG.md" changelog)
nfp_compressed("${made}/changelog.Debian" changelog.Debian)
install(FILES "${made}/changelog.gz" "${made}/changelog.Debian.gz" "${package}/debian/copyright"
	DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/nfprobe")
install(FILES "${package}/debian/lintian-overrides" RENAME nfprobe
	DESTINATION "${CMAKE_INSTALL_DATADIR}/lintian/overrides")
get_property(all GLOBAL PROPERTY NFP_MADE)
add_custom_target(package_files ALL DEPENDS ${all})

# The units name the binary where it is installed, which is known then: cpack has a prefix of its own.
find_program(INSTALL install PATHS /usr/bin REQUIRED)
find_program(CHOWN chown PATHS /usr/bin REQUIRED)
install(CODE "
	set(INSTALL \"${INSTALL}\")
	set(CHOWN \"${CHOWN}\")
	set(NFPROBE \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SBINDIR}/nfprobe\")
	set(prefix \"\${CMAKE_INSTALL_PREFIX}\")
	if(prefix STREQUAL \"/usr\")
		set(prefix \"\") # Debian 12 has units in /lib
	endif()
	foreach(unit nfprobe nfprobe-pins)
		configure_file(\"${package}/\${unit}.service.in\" \"${made}/\${unit}.service\" @ONLY)
		file(INSTALL \"${made}/\${unit}.service\" DESTINATION \"\${prefix}/lib/systemd/system\")
	endforeach()
")

# The conffiles: what an administrator may change, and an upgrade asks about.
file(GLOB templates RELATIVE "${CMAKE_SOURCE_DIR}" CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/templates/*.yaml")
list(TRANSFORM templates PREPEND "/etc/nfprobe/")
list(JOIN templates "\n" lines)
file(WRITE "${made}/conffiles" "/etc/nfprobe/nfprobe.yaml\n${lines}\n")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME nfprobe)
set(CPACK_PACKAGE_CONTACT "${NFP_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "eBPF flow exporter for IPFIX, NetFlow v9 and ntopng")
set(CPACK_PACKAGE_DESCRIPTION
"Counts the packets of network interfaces in the kernel, with an eBPF program
on each, and sends flow records to collectors such as nfdump, pmacct,
goflow2, Akvorado or ntopng.

Every packet is counted once, also while the daemon restarts or is upgraded:
its maps stay in the kernel. A table that is full makes coarser records and
never loses a packet without telling so.")
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON) # /etc and /lib are not below the prefix
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${NFP_DEBIAN_REVISION})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# TLS (glib-networking) is a module that GLib loads when it is asked for: no shared library names it.
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "glib-networking, ca-certificates, iproute2")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "nfdump, tshark")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${made}/conffiles" "${package}/debian/postinst"
	"${package}/debian/prerm" "${package}/debian/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
