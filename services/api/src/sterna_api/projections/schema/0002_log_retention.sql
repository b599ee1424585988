create index log_lines_of_telemetry on log_lines (at) where source = 1;
comment on index log_lines_of_telemetry is 'Finds the lines that are kept no longer than telemetry is.';
