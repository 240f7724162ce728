# From here on the script is the same for every repair.

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
[long]$Chunk = 1048576
# What there is to go back from, once something was written.
$Begun = $false

# Bytes from pieces such as '636F6E', or '00*427' for one byte so many times.
function Get-Bytes([string[]]$Pieces) {
    $stream = New-Object System.IO.MemoryStream
    foreach ($piece in $Pieces) {
        $hex, $times = $piece.Split('*')
        $bytes = New-Object byte[] ($hex.Length / 2)
        for ($i = 0; $i -lt $bytes.Length; $i++) {
            $bytes[$i] = [System.Convert]::ToByte($hex.Substring(2 * $i, 2), 16)
        }
        if ($null -eq $times) {
            $stream.Write($bytes, 0, $bytes.Length)
            continue
        }
        $block = New-Object byte[] 4096
        for ($i = 0; $i -lt $block.Length; $i++) { $block[$i] = $bytes[0] }
        for ($left = [int]$times; $left -gt 0; $left -= $block.Length) {
            $stream.Write($block, 0, [System.Math]::Min($left, $block.Length))
        }
    }
    return , $stream.ToArray()
}

function Read-Bytes($Stream, [long]$Offset, [int]$Length) {
    $bytes = New-Object byte[] $Length
    $Stream.Position = $Offset
    $done = 0
    while ($done -lt $Length) {
        $read = $Stream.Read($bytes, $done, $Length - $done)
        if ($read -eq 0) { throw "A file ended where bytes were to be read, at $($Offset + $done)." }
        $done += $read
    }
    return , $bytes
}

function Write-Bytes($Stream, [long]$Offset, [byte[]]$Bytes) {
    $Stream.Position = $Offset
    $Stream.Write($Bytes, 0, $Bytes.Length)
}

function Test-Bytes($Stream, [long]$Offset, [byte[]]$Bytes) {
    $found = Read-Bytes $Stream $Offset $Bytes.Length
    return [string]::Equals([System.Convert]::ToBase64String($found), [System.Convert]::ToBase64String($Bytes))
}

# Whether two ranges are the same; without a first stream, whether the second is zero.
function Test-Range($First, [long]$FirstOffset, $Second, [long]$SecondOffset, [long]$Length) {
    for ([long]$done = 0; $done -lt $Length; $done += $Chunk) {
        $size = [int][System.Math]::Min($Chunk, $Length - $done)
        if ($null -eq $First) { $bytes = New-Object byte[] $size }
        else { $bytes = Read-Bytes $First ($FirstOffset + $done) $size }
        if (-not (Test-Bytes $Second ($SecondOffset + $done) $bytes)) { return $false }
    }
    return $true
}

# Copies a range; without a stream to read from, writes zeros.
function Copy-Range($From, [long]$FromOffset, $To, [long]$ToOffset, [long]$Length) {
    for ([long]$done = 0; $done -lt $Length; $done += $Chunk) {
        $size = [int][System.Math]::Min($Chunk, $Length - $done)
        if ($null -eq $From) { $bytes = New-Object byte[] $size }
        else { $bytes = Read-Bytes $From ($FromOffset + $done) $size }
        Write-Bytes $To ($ToOffset + $done) $bytes
    }
}

function Test-Repaired($Disk) {
    if ($Disk.Length -ne $NewLength) { return $false }
    foreach ($write in $Writes) {
        if (-not (Test-Bytes $Disk $write.Offset (Get-Bytes $write.After))) { return $false }
    }
    foreach ($range in $Zeros) {
        if (-not (Test-Range $null 0 $Disk $range.Offset $range.Length)) { return $false }
    }
    foreach ($move in $Moves) {
        if ($move.Stays -and -not (Test-Range $Disk $move.From $Disk $move.To $move.Length)) { return $false }
    }
    return $true
}

function Test-Expected($Disk) {
    if ($Disk.Length -ne $OldLength) { return $false }
    foreach ($write in $Writes) {
        if (-not (Test-Bytes $Disk $write.Offset (Get-Bytes $write.Before))) { return $false }
    }
    foreach ($range in $ZerosCut) {
        if (-not (Test-Range $null 0 $Disk $range.Offset $range.Length)) { return $false }
    }
    return $true
}

# Whether a file is the way back to the disk as it is.
function Test-Saved($Disk, $Saved) {
    $head = Get-Bytes $UndoHead
    if ($Saved.Length -ne $UndoLength -or -not (Test-Bytes $Saved 0 $head)) { return $false }
    [long]$at = $head.Length
    foreach ($range in $Replaced) {
        if (-not (Test-Range $Disk $range.Offset $Saved $at $range.Length)) { return $false }
        $at += $range.Length
    }
    return $true
}

function Test-SavedFile($Disk, [string]$File) {
    $saved = [System.IO.File]::Open($File, 'Open', 'Read', 'Read')
    try { return Test-Saved $Disk $saved }
    finally { $saved.Dispose() }
}

# The undo file, complete and on the disk under its name. One of an earlier run stays as it is.
function Save-Replaced($Disk) {
    if ([System.IO.File]::Exists($UndoPath)) {
        if (Test-SavedFile $Disk $UndoPath) { return }
        throw "$UndoPath exists already. If a run of this script was cut off, go back with -Undo; if it is the way back from another repair, move it elsewhere. Then run this again. Nothing was written."
    }
    $part = "$UndoPath.$PID.part"
    try {
        $saved = [System.IO.File]::Open($part, 'CreateNew', 'ReadWrite', 'None')
        try {
            $head = Get-Bytes $UndoHead
            Write-Bytes $saved 0 $head
            [long]$at = $head.Length
            foreach ($range in $Replaced) {
                Copy-Range $Disk $range.Offset $saved $at $range.Length
                $at += $range.Length
            }
            $saved.Flush($true)
            if (-not (Test-Saved $Disk $saved)) { throw "$part was not written as planned. The disk was not changed." }
        }
        finally { $saved.Dispose() }
        # Never over another file.
        [System.IO.File]::Move($part, $UndoPath)
    }
    finally { [System.IO.File]::Delete($part) }
}

function Invoke-Repair($Disk) {
    if (Test-Repaired $Disk) {
        Write-Output "$Path is repaired already; nothing was written."
        return
    }
    if (-not (Test-Expected $Disk)) {
        if ([System.IO.File]::Exists($UndoPath)) {
            throw "$Path is neither as it was nor repaired. If a run of this script was cut off, go back with -Undo, then run it again. Nothing was written."
        }
        throw "$Path is not as it was when this script was made: have it checked again. Nothing was written."
    }
    Save-Replaced $Disk
    $script:Begun = $true
    foreach ($move in $Moves) {
        Copy-Range $Disk $move.From $Disk $move.To $move.Length
        if (-not (Test-Range $Disk $move.From $Disk $move.To $move.Length)) { throw 'What was moved reads otherwise.' }
    }
    $Disk.Flush($true)
    foreach ($write in $Writes) { Write-Bytes $Disk $write.Offset (Get-Bytes $write.After) }
    foreach ($range in $Zeros) { Copy-Range $null 0 $Disk $range.Offset $range.Length }
    $Disk.Flush($true)
    $Disk.SetLength($NewLength)
    $Disk.Flush($true)
    if (-not (Test-Repaired $Disk)) { throw 'What was written reads otherwise.' }
    Write-Output "$Path is repaired: what was written was read again. To go back, run this script with -Undo; when all is well, remove $UndoPath."
}

function Invoke-Undo($Disk) {
    if (-not [System.IO.File]::Exists($UndoPath)) { throw "There is no $UndoPath to go back with. Nothing was written." }
    $saved = [System.IO.File]::Open($UndoPath, 'Open', 'Read', 'Read')
    try {
        $head = Get-Bytes $UndoHead
        if ($saved.Length -ne $UndoLength -or -not (Test-Bytes $saved 0 $head)) {
            throw "$UndoPath does not belong to this script. Nothing was written."
        }
        $shorter = [System.Math]::Min($OldLength, $NewLength)
        $longer = [System.Math]::Max($OldLength, $NewLength)
        if ($Disk.Length -lt $shorter -or $Disk.Length -gt $longer) {
            throw "$Path has been written to since, or is another disk: it is $($Disk.Length) bytes long. Nothing was written."
        }
        $script:Begun = $true
        [long]$at = $head.Length
        foreach ($range in $Replaced) {
            Copy-Range $saved $at $Disk $range.Offset $range.Length
            $at += $range.Length
        }
        $Disk.SetLength($OldLength)
        $Disk.Flush($true)
        if (-not (Test-Saved $Disk $saved)) { throw 'What was put back reads otherwise.' }
    }
    finally { $saved.Dispose() }
    Write-Output "$Path is as it was before the repair: what was put back was read again. $UndoPath has served, and can be removed."
}

try {
    if ($Path -eq '') { $Path = Join-Path -Path $PSScriptRoot -ChildPath $Name }
    $Path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    $UndoPath = "$Path.undo"
    if (-not [System.IO.File]::Exists($Path)) { throw "There is no disk ${Path}: say where it is, as the first argument." }
    try { $handle = [System.IO.File]::Open($Path, 'Open', 'ReadWrite', 'None') }
    catch {
        throw "$Path cannot be opened for this script alone: shut the virtual machine down or detach the disk, and run this again. Nothing was written. ($($_.Exception.Message))"
    }
    try {
        if ($Undo) { Invoke-Undo $handle }
        else { Invoke-Repair $handle }
    }
    finally { $handle.Dispose() }
}
catch {
    [System.Console]::Error.WriteLine($_.Exception.Message)
    if ($Begun) { [System.Console]::Error.WriteLine("$Path is half changed. Go back with -Undo: the way back is in $UndoPath.") }
    exit 1
}
exit 0
