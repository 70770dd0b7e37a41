"""Programs that take the places of mtx and mtx-changer: `rsm-mtx` and `rsm-changer`.

They go straight to a device, or to a simulated library (`mock:PATH.json`), and need no store. What only looks
loads next to nothing, so that a status costs little more than starting Python (`sg_reading`); what moves goes
through `rsm_scsi`, under the lease that every other part of rsm takes.

    sg_reading   commands that only look, by SG_IO          contents   what is in which drive and slot
    robot        moves, under the lease                     wording    what mtx says, to the byte
    mtx          rsm-mtx                                    changer    rsm-changer
    tape         the drive's node, before and after a move  store_mark telling a managed library
"""
