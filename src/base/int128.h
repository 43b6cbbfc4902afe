/* int128.h -- whole numbers of 128 bits: gcc and clang have them on 64-bit processors. */
#ifndef VO_BASE_INT128_H
#define VO_BASE_INT128_H

__extension__ typedef __int128 vo_int128;

#endif
