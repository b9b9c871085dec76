//! The scenario file format: parse, check, spans, schema
