"""MCP: tool calls of assistants come in; short answers with ids to fetch more by go out."""
