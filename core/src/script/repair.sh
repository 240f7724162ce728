# From here on the script is the same for every repair.

LC_ALL=C
export LC_ALL

# Without what a terminal would obey: names may hold anything.
say() {
    printf '%s' "$*" | tr '[:cntrl:]' '?'
    printf '\n'
}

refuse() {
    say "$*" >&2
    exit 1
}

# read_at FILE OFFSET LENGTH: these bytes, in blocks as large as the offset allows.
read_at() {
    at=$2 left=$3
    while [ "$left" -gt 0 ]; do
        block=1 many=$left
        for size in 512 1048576; do
            to_next=$(((size - at % size) % size))
            if [ "$to_next" -eq 0 ]; then
                [ "$left" -lt "$size" ] || { block=$size many=$((left / size)); }
            elif [ $((to_next / block)) -lt "$many" ]; then
                many=$((to_next / block))
            fi
        done
        dd if="$1" bs="$block" skip=$((at / block)) count="$many" 2>/dev/null || return
        at=$((at + many * block)) left=$((left - many * block))
    done
}

# write_at OFFSET: standard input, into the disk; byte by byte up to where a sector begins.
write_at() {
    to_next=$(((512 - $1 % 512) % 512))
    if [ "$to_next" -gt 0 ]; then
        dd of="$disk" bs=1 seek="$1" count="$to_next" conv=notrunc 2>/dev/null || return
    fi
    dd of="$disk" bs=512 seek=$((($1 + to_next) / 512)) conv=notrunc 2>/dev/null
}

zeros() {
    read_at /dev/zero 0 "$1"
}

# repeated BYTE TIMES, the byte in octal.
repeated() {
    zeros "$2" | tr '\000' "\\$1"
}

# same_as COMMAND…: whether it prints what standard input brings.
same_as() {
    { "$@" | cmp -s - /dev/fd/3; } 3<&0
}

# move FROM TO LENGTH, within the disk.
move() {
    read_at "$disk" "$1" "$3" | write_at "$2" || return
    read_at "$disk" "$1" "$3" | same_as read_at "$disk" "$2" "$3"
}

# Waits until a file is on the disk. Without fsync everything has to be.
flush() {
    dd if=/dev/null of="$1" conv=notrunc,fsync 2>/dev/null || sync
}

# length_of FILE, in bytes. To count them would be to read them all.
length_of() {
    if [ -b "$1" ]; then
        blockdev --getsize64 "$1"
    else
        # shellcheck disable=SC2012 # The length is all that is taken.
        ls -Llnd "$1" | { read -r _ _ _ _ length _ && printf '%s' "$length"; }
    fi
}

set_length() {
    [ "$old_length" = "$new_length" ] || dd if=/dev/null of="$disk" bs=1 seek="$1" 2>/dev/null
}

refuse_if_open() {
    if command -v fuser >/dev/null 2>&1; then
        ! fuser -s "$disk" 2>/dev/null || refuse "$disk is open in another program: shut the virtual machine down or" \
            "detach the disk, and run this again. fuser -v shows which program it is. Nothing was written."
    else
        say "There is no fuser here to see who has the disk open: make sure that nobody has." >&2
    fi
    command -v tap-ctl >/dev/null 2>&1 || return 0
    tap-ctl list 2>/dev/null | while IFS= read -r line; do
        path=${line#*args=}
        path=${path#*:}
        # shellcheck disable=SC3013 # Where -ef is unknown, the names are compared.
        if [ "$path" = "$disk" ] || [ "$path" -ef "$disk" ] 2>/dev/null; then
            exit 1
        fi
    done || refuse "$disk is attached by tapdisk (tap-ctl list): shut the virtual machine down or detach the disk, and" \
        "run this again. Nothing was written."
}

is_repaired() {
    [ "$(length_of "$disk")" = "$new_length" ] && repaired | same_as repaired_places
}

is_as_expected() {
    [ "$(length_of "$disk")" = "$old_length" ] && expected | same_as expected_places
}

# The undo file, complete and on the disk under its name. One of an earlier run stays as it is.
save() {
    if [ -e "$undo" ] || [ -L "$undo" ]; then
        saved | cmp -s - "$undo" && return
        refuse "$undo exists already. If a run of this script was cut off, go back with --undo; if it is the way back" \
            "from another repair, move it elsewhere. Then run this again. Nothing was written."
    fi
    part=$undo.$$.part
    trap 'rm -f "$part"' EXIT
    trap 'exit 1' HUP INT TERM
    if ! (umask 077 && set -C && saved >"$part") 2>/dev/null || ! saved | cmp -s - "$part" ||
        [ "$(length_of "$part")" != "$undo_length" ] || ! flush "$part"; then
        refuse "The way back, $undo_length bytes, cannot be saved in $undo: see whether the folder can be written to" \
            "and has the room. The disk was not changed."
    fi
    # A link never replaces a file; where there are no links, nobody else should be at work here.
    ln "$part" "$undo" 2>/dev/null || { [ ! -e "$undo" ] && mv "$part" "$undo"; } ||
        refuse "$undo cannot be written. The disk was not changed."
    rm -f "$part"
    flush "$undo"
}

# What is moved is on the disk before anything else is written, and the length comes last.
change() {
    write_moved && flush "$disk" && write_new && flush "$disk" && set_length "$new_length" && flush "$disk" &&
        is_repaired
}

repair() {
    if is_repaired; then
        say "$disk is repaired already; nothing was written."
        exit 0
    fi
    if ! is_as_expected; then
        [ ! -e "$undo" ] || refuse "$disk is neither as it was nor repaired. If a run of this script was cut off, go" \
            "back with --undo, then run it again. Nothing was written."
        refuse "$disk is not as it was when this script was made: have it checked again. Nothing was written."
    fi
    save
    # From the first change on, all of them are made.
    trap '' HUP INT TERM
    if ! change; then
        refuse "$disk is half changed, since it could not be written to as planned: see whether there is room, and go" \
            "back with --undo. The way back is in $undo."
    fi
    say "$disk is repaired: what was written was read again. To go back, run this script with --undo; when all is well," \
        "remove $undo."
}

change_back() {
    put_back && set_length "$old_length" && flush "$disk" && [ "$(length_of "$disk")" = "$old_length" ] &&
        saved | cmp -s - "$undo"
}

go_back() {
    [ -f "$undo" ] || refuse "There is no $undo to go back with. Nothing was written."
    if [ "$(length_of "$undo")" != "$undo_length" ] || ! undo_head | same_as read_at "$undo" 0 "$head_length"; then
        refuse "$undo does not belong to this script. Nothing was written."
    fi
    length=$(length_of "$disk")
    shorter=$old_length longer=$new_length
    [ "$shorter" -le "$longer" ] || { shorter=$new_length longer=$old_length; }
    if [ "$length" -lt "$shorter" ] || [ "$length" -gt "$longer" ]; then
        refuse "$disk has been written to since, or is another disk: it is $length bytes long. Nothing was written."
    fi
    trap '' HUP INT TERM
    if ! change_back; then
        refuse "$disk could not be written to as planned: see whether there is room, and go back again. $undo is whole."
    fi
    say "$disk is as it was before the repair: what was put back was read again. $undo has served, and can be removed."
}

main() {
    work=repair
    if [ "${1-}" = --undo ]; then
        work=go_back
        shift
    fi
    [ "${1-}" != -- ] || shift
    if [ $# -gt 1 ]; then
        say "Usage: sh SCRIPT [--undo] [--] [DISK]" >&2
        exit 2
    fi
    for tool in cmp dd ln ls mv rm tr; do
        command -v "$tool" >/dev/null 2>&1 || refuse "This script needs $tool, which is not here. Nothing was written."
    done
    if [ ! -d /dev/fd ] || [ "$((1048576 * 1048576))" != 1099511627776 ]; then
        refuse "This script needs /dev/fd and a shell that counts beyond 32 bits. Nothing was written."
    fi
    case $0 in
    */*) disk=${1-${0%/*}/$name} ;;
    *) disk=${1-./$name} ;;
    esac
    case $disk in
    -*) disk=./$disk ;;
    esac
    undo=$disk.undo
    if [ -b "$disk" ]; then
        # Beside a device no file lasts.
        undo=./${disk##*/}.undo
        [ "$old_length" = "$new_length" ] || refuse "$disk is a device and cannot change its length. Nothing was written."
    elif [ ! -f "$disk" ]; then
        refuse "There is no disk $disk: say where it is, as in sh SCRIPT DISK."
    fi
    [ -w "$disk" ] || refuse "$disk may not be written to by this user. Nothing was written."
    refuse_if_open
    "$work"
}

main "$@"
