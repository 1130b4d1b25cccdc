resource "aws_eks_cluster" "this" {}
resource "aws_iam_openid_connect_provider" "this" {
  url = aws_eks_cluster.this.identity[0].oidc[0].issuer
}
output "oidc_provider_arn" { value = aws_iam_openid_connect_provider.this.arn }
output "oidc_provider" { value = aws_iam_openid_connect_provider.this.url }
output "cluster_oidc_issuer_url" { value = aws_eks_cluster.this.identity[0].oidc[0].issuer }
