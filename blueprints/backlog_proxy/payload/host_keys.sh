# Trust on first use: the first build notes the host keys down, in the parameter that
# HOST_KEYS_PARAMETER names, and all others hold the server to them. To trust new ones, set the
# parameter back to "none". Sets BACKLOG_HOST_KEYS.
BACKLOG_HOST_KEYS=$(aws ssm get-parameter --name "$HOST_KEYS_PARAMETER" \
  --query Parameter.Value --output text) || exit 1
if [[ $BACKLOG_HOST_KEYS == none ]]; then
  [[ $MIRROR_SOURCE_URL =~ ^(ssh://)?([^@/]*@)?([^:/]+)(:([0-9]+)/)? ]]
  BACKLOG_HOST_KEYS=$(ssh-keyscan -T 20 -p "${BASH_REMATCH[5]:-22}" \
    -- "${BASH_REMATCH[3]}" 2>/dev/null | grep -v '^#')
  if ((${#BACKLOG_HOST_KEYS} > 4096)); then
    echo "The server's SSH host keys have ${#BACKLOG_HOST_KEYS} characters, and a parameter keeps" \
      'at most 4,096. Give one of its keys by the option host_keys = "parameter".' >&2
    exit 1
  fi
  if [[ -n $BACKLOG_HOST_KEYS ]]; then
    aws ssm put-parameter --name "$HOST_KEYS_PARAMETER" \
      --value "$BACKLOG_HOST_KEYS" --overwrite || exit 1
  fi
fi
