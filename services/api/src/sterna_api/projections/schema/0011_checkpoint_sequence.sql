-- At which version of its migration a checkpoint was made: by it a repeat of the request finds it.
alter table checkpoints add column sequence bigint;
