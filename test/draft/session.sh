# In test/atk/lib/session.sh

SESSION_DIR="$HOME/.confighub/sessions"
SESSION_FILE="$SESSION_DIR/import-latest.json"

session_init() {
    mkdir -p "$SESSION_DIR"
}

session_exists() {
    [[ -f "$SESSION_FILE" ]]
}

session_load() {
    if session_exists; then
        cat "$SESSION_FILE"
    fi
}

session_save() {
    local step="$1"
    local data="$2"

    local timestamp=$(date +%Y-%m-%dT%H:%M:%SZ)
    local session_id=$(date +%Y-%m-%d-%H%M%S)

    # Update or create session file
    jq --arg step "$step" \
       --arg updated "$timestamp" \
       '.step = $step | .updated_at = $updated' \
       "$SESSION_FILE" > "$SESSION_FILE.tmp" && mv "$SESSION_FILE.tmp" "$SESSION_FILE"

    # Also save timestamped backup
    cp "$SESSION_FILE" "$SESSION_DIR/import-$session_id.json"
}

session_clear() {
    rm -f "$SESSION_FILE"
}

session_get_step() {
    jq -r '.step' "$SESSION_FILE" 2>/dev/null || echo "none"
}
