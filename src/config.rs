//! Configuration: one flat struct, validated whole at start; an error names file and key.
