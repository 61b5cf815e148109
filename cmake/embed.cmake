# SPDX-License-Identifier: BSD-2-Clause
# cmake -DINPUT=file -DOUTPUT=file.c -DNAME=name -DHEADER=header -P embed.cmake: a file as an array.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "((0x..,){16})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "#include \"${HEADER}\"\n_Alignas(8) const unsigned char ${NAME}[] = {\n${bytes}\n};\n"
	"const size_t ${NAME}_len = sizeof(${NAME});\n")
